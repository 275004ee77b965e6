with source as (
    select * from {{ source('marketo', 'marketo__program_members') }}
),

latest as (
    {{ latest_version('source', ['programId', 'leadId'], bulk_cast('updatedAt', 'timestamptz')) }}
),

renamed as (
    select
        {{ record_key('programId', '_source_instance') }} as campaign_key,
        _source_instance as source_instance,
        {{ bulk_cast('programId', 'bigint') }} as program_id,
        {{ bulk_cast('leadId', 'bigint') }} as lead_id,
        {{ bulk_text('program') }} as program_name,
        {{ bulk_text('statusName') }} as member_status,
        {{ bulk_cast('membershipDate', 'timestamptz') }} as member_since_at,
        {{ bulk_cast('acquiredBy', 'boolean') }} as is_acquired,
        {{ bulk_cast('reachedSuccess', 'boolean') }} as has_succeeded,
        {{ bulk_cast('reachedSuccessDate', 'timestamptz') }} as succeeded_at,
        {{ bulk_cast('isExhausted', 'boolean') }} as is_exhausted,
        {{ bulk_text('nurtureCadence') }} as nurture_cadence,
        {{ bulk_cast('updatedAt', 'timestamptz') }} as updated_at,
        _extracted_at as extracted_at,
    from latest
)

select * from renamed
