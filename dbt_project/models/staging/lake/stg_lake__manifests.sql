with source as (
    select * from {{ source('lake', 'lake__manifests') }}
),

renamed as (
    select
        source_instance,
        system as source_system,
        object as object_name,
        kind as manifest_kind,
        run_id,
        run_kind,
        window_start::timestamptz as window_start_at,
        window_end::timestamptz as window_end_at,
        committed_at::timestamptz as committed_at,
        source_rows::bigint as source_row_count,
        rows::bigint as lake_row_count,
        quarantined_rows::bigint as quarantined_row_count,
    from source
)

select * from renamed
