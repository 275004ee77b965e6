with source as (
    select * from {{ source('activation', 'activation__receipts') }}
),

renamed as (
    select
        destination,
        audience,
        epoch,
        seq,
        snapshot_id,
        as_of::timestamptz as as_of,
        batch,
        member_key,
        destination_key,
        operation,
        verdict,
        reason,
        recorded_at::timestamptz as recorded_at,
    from source
)

select * from renamed
