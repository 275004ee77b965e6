with source as (
    select * from {{ source('marketo', 'marketo__programs') }}
),

latest as (
    {{ latest_version('source', ['id'], cast_to('updatedAt', 'timestamptz')) }}
),

renamed as (
    select
        {{ record_key('id', '_source_instance') }} as campaign_key,
        _source_instance as source_instance,
        {{ cast_to('id', 'bigint') }} as program_id,
        {{ text_of('name') }} as program_name,
        {{ text_of('description') }} as program_description,
        {{ text_of('type') }} as program_type,
        {{ text_of('channel') }} as channel,
        {{ text_of('status') }} as program_status,
        {{ text_of('workspace') }} as workspace_name,
        {{ cast_to('folder', 'json') }} as folder,
        {{ text_of('url') }} as program_url,
        {{ cast_to('tags', 'json') }} as tags,
        {{ cast_to('costs', 'json') }} as costs,
        {{ cast_to('createdAt', 'timestamptz') }} as created_at,
        {{ cast_to('updatedAt', 'timestamptz') }} as updated_at,
        _extracted_at as extracted_at,
    from latest
)

select * from renamed
