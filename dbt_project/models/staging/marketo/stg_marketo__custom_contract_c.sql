with source as (
    select * from {{ source('marketo', 'marketo__custom_contract_c') }}
),

latest as (
    {{ latest_version('source', ['marketoGUID'], bulk_cast('updatedAt', 'timestamptz')) }}
),

renamed as (
    select
        {{ record_key('marketoGUID', '_source_instance') }} as contract_key,
        _source_instance as source_instance,
        marketoGUID as contract_id,
        {{ bulk_text('contractNumber') }} as contract_number,
        {{ bulk_cast('leadId', 'bigint') }} as lead_id,
        {{ bulk_text('product') }} as product,
        {{ bulk_cast('amount', 'decimal(18, 2)') }} as amount,
        {{ bulk_cast('signedOn', 'date') }} as signed_on,
        {{ bulk_cast('renewsOn', 'date') }} as renews_on,
        {{ bulk_cast('seats', 'integer') }} as seat_count,
        {{ bulk_cast('isActive', 'boolean') }} as is_active,
        {{ bulk_cast('createdAt', 'timestamptz') }} as created_at,
        {{ bulk_cast('updatedAt', 'timestamptz') }} as updated_at,
        _extracted_at as extracted_at,
    from latest
)

select * from renamed
