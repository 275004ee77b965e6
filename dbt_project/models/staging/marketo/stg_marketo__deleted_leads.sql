with source as (
    select * from {{ source('marketo', 'marketo__deleted_leads') }}
),

latest as (
    {{ latest_version('source', ['marketoGUID'], cast_to('activityDate', 'timestamptz')) }}
),

renamed as (
    select
        {{ record_key('marketoGUID', '_source_instance') }} as deletion_key,
        _source_instance as source_instance,
        marketoGUID as deletion_id,
        {{ cast_to('leadId', 'bigint') }} as lead_id,
        {{ cast_to('activityDate', 'timestamptz') }} as deleted_at,
        _extracted_at as extracted_at,
    from latest
)

select * from renamed
