with records as (
    select * from {{ ref('int_person__records') }}
),

shared as (
    select * from {{ ref('int_person__shared_values') }}
),

carried as (
    select record_key, source_instance, match_last_name, 'email' as value_kind, email as usable_value from records
    union all
    select record_key, source_instance, match_last_name, 'ecid', ecid from records
),

usable as (
    select c.*
    from carried as c
    anti join shared as s on s.value_kind = c.value_kind and s.shared_value = c.usable_value
    where c.usable_value is not null
)

select * from usable
