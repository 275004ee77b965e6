with source as (
    select * from {{ source('activation', 'activation__intents') }}
),

renamed as (
    select
        destination,
        audience,
        epoch,
        seq,
        as_of::timestamptz as as_of,
        batch,
        member_key,
        destination_key,
        operation,
        intended_at::timestamptz as intended_at,
    from source
)

select * from renamed
