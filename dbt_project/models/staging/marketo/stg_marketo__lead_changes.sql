with source as (
    select * from {{ source('marketo', 'marketo__lead_changes') }}
),

latest as (
    {{ latest_version('source', ['marketoGUID'], cast_to('activityDate', 'timestamptz')) }}
),

renamed as (
    select
        {{ record_key('marketoGUID', '_source_instance') }} as change_key,
        _source_instance as source_instance,
        marketoGUID as change_id,
        {{ cast_to('leadId', 'bigint') }} as lead_id,
        {{ cast_to('activityDate', 'timestamptz') }} as changed_at,
        {{ cast_to('activityTypeId', 'integer') }} as activity_type_id,
        {{ cast_to('fields', 'json') }} as changed_fields,
        {{ cast_to('attributes', 'json') }} as attributes,
        _extracted_at as extracted_at,
    from latest
)

select * from renamed
