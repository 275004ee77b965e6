with source as (
    select * from {{ source('marketo', 'marketo__smart_campaigns') }}
),

latest as (
    {{ latest_version('source', ['id'], cast_to('updatedAt', 'timestamptz')) }}
),

renamed as (
    select
        {{ record_key('id', '_source_instance') }} as smart_campaign_key,
        _source_instance as source_instance,
        {{ cast_to('id', 'bigint') }} as smart_campaign_id,
        {{ text_of('name') }} as smart_campaign_name,
        {{ text_of('type') }} as smart_campaign_type,
        {{ cast_to('isActive', 'boolean') }} as is_active,
        {{ cast_to('parentProgramId', 'bigint') }} as program_id,
        {{ cast_to('createdAt', 'timestamptz') }} as created_at,
        {{ cast_to('updatedAt', 'timestamptz') }} as updated_at,
        _extracted_at as extracted_at,
    from latest
)

select * from renamed
