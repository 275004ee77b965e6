-- A table, unlike the other staging models: three models read it and it is the largest.
{{ config(materialized='table') }}

with source as (
    select * from {{ source('marketo', 'marketo__activities') }}
),

latest as (
    {{ latest_version('source', ['marketoGUID'], bulk_cast('activityDate', 'timestamptz')) }}
),

renamed as (
    select
        {{ record_key('marketoGUID', '_source_instance') }} as activity_key,
        _source_instance as source_instance,
        marketoGUID as activity_id,
        {{ bulk_cast('leadId', 'bigint') }} as lead_id,
        {{ bulk_cast('activityDate', 'timestamptz') }} as activity_at,
        {{ bulk_cast('activityTypeId', 'integer') }} as activity_type_id,
        {{ bulk_cast('campaignId', 'bigint') }} as campaign_id,
        {{ bulk_cast('primaryAttributeValueId', 'bigint') }} as asset_id,
        {{ bulk_text('primaryAttributeValue') }} as asset_name,
        {{ bulk_cast('attributes', 'json') }} as attributes,
        _extracted_at as extracted_at,
    from latest
)

select * from renamed
