with source as (
    select * from {{ source('salesforce', 'salesforce__deleted_records') }}
),

latest as (
    {{ latest_version('source', ['object', 'id'], cast_to('deletedDate', 'timestamptz')) }}
),

renamed as (
    select
        {{ record_key('id', '_source_instance') }} as record_key,
        _source_instance as source_instance,
        object as object_name,
        id as record_id,
        {{ cast_to('deletedDate', 'timestamptz') }} as deleted_at,
        {{ text_of('foundBy') }} as found_by,
        _extracted_at as extracted_at,
    from latest
)

select * from renamed
