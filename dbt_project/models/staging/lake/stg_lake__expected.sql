with source as (
    select * from {{ source('lake', 'lake__expected') }}
),

renamed as (
    select
        source_instance,
        system as source_system,
        object as object_name,
    from source
)

select * from renamed
