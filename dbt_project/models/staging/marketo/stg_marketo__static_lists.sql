with source as (
    select
        *,
        coalesce(leadId, '') as member,
    from {{ source('marketo', 'marketo__static_lists') }}
),

latest as (
    {{ latest_version('source', ['id', 'member'], cast_to('updatedAt', 'timestamptz')) }}
),

renamed as (
    select
        {{ record_key('id', '_source_instance') }} as list_key,
        _source_instance as source_instance,
        {{ cast_to('id', 'bigint') }} as list_id,
        {{ cast_to('leadId', 'bigint') }} as lead_id,
        {{ text_of('name') }} as list_name,
        {{ text_of('programName') }} as program_name,
        {{ text_of('workspaceName') }} as workspace_name,
        {{ cast_to('createdAt', 'timestamptz') }} as created_at,
        {{ cast_to('updatedAt', 'timestamptz') }} as updated_at,
        _extracted_at as extracted_at,
    from latest
)

select * from renamed
