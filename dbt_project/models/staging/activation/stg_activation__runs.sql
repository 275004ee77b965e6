with source as (
    select * from {{ source('activation', 'activation__runs') }}
),

renamed as (
    select
        destination,
        audience,
        run_id,
        epoch,
        seq,
        snapshot_id,
        as_of::timestamptz as as_of,
        event,
        desired_count,
        added_count,
        updated_count,
        removed_count,
        unmatched_count,
        ambiguous_count,
        rejected_count,
        write_count,
        recorded_at::timestamptz as recorded_at,
    from source
)

select * from renamed
