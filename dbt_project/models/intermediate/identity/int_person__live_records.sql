with records as (
    select * from {{ ref('int_person__records') }} where is_live
),

clustered as (
    select * from {{ ref('int_person__clustered') }}
),

shared as (
    select * from {{ ref('int_person__shared_values') }}
),

accounts as (
    select * from {{ ref('int_account__lookup') }}
),

live as (
    select
        c.person_key,
        r.* exclude (email, ecid),
        case when e.shared_value is null then r.email end as email,
        case when i.shared_value is null then r.ecid end as ecid,
        a.account_key,
        row_number() over (
            partition by c.person_key
            order by r.object_rank, r.source_priority, r.updated_at desc nulls last, r.record_key
        ) as survivorship_position,
    from records as r
    inner join clustered as c on c.record_key = r.record_key
    left join shared as e on e.value_kind = 'email' and e.shared_value = r.email
    left join shared as i on i.value_kind = 'ecid' and i.shared_value = r.ecid
    left join accounts as a on a.source_instance = r.source_instance and a.account_id = r.account_id
)

select * from live
