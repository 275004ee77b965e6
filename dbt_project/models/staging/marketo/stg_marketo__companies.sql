with source as (
    select * from {{ source('marketo', 'marketo__companies') }}
),

latest as (
    {{ latest_version('source', ['id'], cast_to('updatedAt', 'timestamptz')) }}
),

renamed as (
    select
        {{ company_key('id', '_source_instance') }} as record_key,
        _source_instance as source_instance,
        {{ cast_to('id', 'bigint') }} as company_id,
        {{ text_of('externalCompanyId') }} as external_company_id,
        {{ text_of('company') }} as company_name,
        {{ text_of('website') }} as website,
        {{ text_of('industry') }} as industry,
        {{ cast_to('annualRevenue', 'decimal(18, 2)') }} as annual_revenue,
        {{ cast_to('numberOfEmployees', 'integer') }} as employee_count,
        {{ text_of('billingCity') }} as city,
        {{ text_of('billingCountry') }} as country,
        {{ cast_to('createdAt', 'timestamptz') }} as created_at,
        {{ cast_to('updatedAt', 'timestamptz') }} as updated_at,
        _extracted_at as extracted_at,
    from latest
)

select * from renamed
