with source as (
    select * from {{ source('salesforce', 'salesforce__accounts') }}
),

latest as (
    {{ latest_version('source', ['Id'], cast_to('SystemModstamp', 'timestamptz')) }}
),

renamed as (
    select
        {{ record_key('Id', '_source_instance') }} as record_key,
        _source_instance as source_instance,
        Id as account_id,
        {{ text_of('MasterRecordId') }} as master_account_id,
        {{ text_of('ParentId') }} as parent_account_id,
        {{ text_of('Name') }} as account_name,
        {{ text_of('Website') }} as website,
        {{ text_of('Industry') }} as industry,
        {{ cast_to('AnnualRevenue', 'decimal(18, 2)') }} as annual_revenue,
        {{ cast_to('NumberOfEmployees', 'integer') }} as employee_count,
        {{ text_of('BillingCity') }} as city,
        {{ text_of('BillingCountry') }} as country,
        {{ cast_to('IsDeleted', 'boolean') }} as is_deleted,
        {{ cast_to('CreatedDate', 'timestamptz') }} as created_at,
        {{ cast_to('LastModifiedDate', 'timestamptz') }} as modified_at,
        {{ cast_to('SystemModstamp', 'timestamptz') }} as updated_at,
        _extracted_at as extracted_at,
    from latest
)

select * from renamed
