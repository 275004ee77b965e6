with relations as (
    select * from {{ ref('int_account__person_relations') }}
),

roles as (
    select account_key, person_key, trim(unnest(string_split(roles, ';'))) as role from relations
),

joined_roles as (
    select account_key, person_key, string_agg(distinct role, ';' order by role) as roles
    from roles
    where role <> ''
    group by account_key, person_key
),

pairs as (
    select
        account_key,
        person_key,
        bool_or(is_direct) as is_direct,
        bool_or(is_active) as is_active,
    from relations
    group by account_key, person_key
),

bridge as (
    select p.account_key, p.person_key, p.is_direct, p.is_active, r.roles
    from pairs as p
    left join joined_roles as r on r.account_key = p.account_key and r.person_key = p.person_key
)

select * from bridge
