with source as (
    select * from {{ source('marketo', 'marketo__named_accounts') }}
),

latest as (
    {{ latest_version('source', ['marketoGUID'], cast_to('updatedAt', 'timestamptz')) }}
),

renamed as (
    select
        {{ record_key('marketoGUID', '_source_instance') }} as named_account_key,
        _source_instance as source_instance,
        marketoGUID as named_account_id,
        {{ text_of('name') }} as account_name,
        {{ text_of('domainName') }} as domain,
        {{ text_of('industry') }} as industry,
        {{ cast_to('annualRevenue', 'decimal(18, 2)') }} as annual_revenue,
        {{ cast_to('numberOfEmployees', 'integer') }} as employee_count,
        {{ text_of('city') }} as city,
        {{ text_of('country') }} as country,
        {{ cast_to('createdAt', 'timestamptz') }} as created_at,
        {{ cast_to('updatedAt', 'timestamptz') }} as updated_at,
        _extracted_at as extracted_at,
    from latest
)

select * from renamed
