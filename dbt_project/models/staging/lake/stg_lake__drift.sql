with source as (
    select * from {{ source('lake', 'lake__drift') }}
),

renamed as (
    select
        source_instance,
        object as object_name,
        version as describe_version,
        digest as describe_digest,
        field as field_name,
        data_type,
        field_id,
        change as field_change,
        previous as previous_value,
        rule as handled_by,
        window_start as window_start_at,
        window_end as window_end_at,
        run_id,
        noticed_at,
    from source
)

select * from renamed
