with source as (
    select * from {{ source('marketo', 'marketo__sales_persons') }}
),

latest as (
    {{ latest_version('source', ['id'], cast_to('updatedAt', 'timestamptz')) }}
),

renamed as (
    select
        {{ record_key('id', '_source_instance') }} as record_key,
        _source_instance as source_instance,
        {{ cast_to('id', 'bigint') }} as sales_person_id,
        {{ text_of('externalSalesPersonId') }} as external_sales_person_id,
        {{ text_of('email') }} as email,
        {{ text_of('firstName') }} as first_name,
        {{ text_of('lastName') }} as last_name,
        {{ text_of('title') }} as title,
        {{ text_of('phone') }} as phone,
        {{ cast_to('createdAt', 'timestamptz') }} as created_at,
        {{ cast_to('updatedAt', 'timestamptz') }} as updated_at,
        _extracted_at as extracted_at,
    from latest
)

select * from renamed
