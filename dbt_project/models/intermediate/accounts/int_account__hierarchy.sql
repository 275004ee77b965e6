-- Climbs from every account until there is no parent, or until a parent was met before: then the accounts from there
-- on are a ring, and the smallest key of the ring is the root for all of them.
with recursive parents as (
    select account_key, parent_account_key from {{ ref('int_account__golden') }}
),

climb as (
    select
        account_key,
        account_key as top_key,
        [account_key] as path,
        false as is_ring,
    from parents
    union all
    select
        c.account_key,
        p.parent_account_key,
        list_append(c.path, p.parent_account_key),
        list_contains(c.path, p.parent_account_key),
    from climb as c
    inner join parents as p on p.account_key = c.top_key
    where p.parent_account_key is not null and not c.is_ring
),

highest as (
    select *
    from climb
    qualify row_number() over (partition by account_key order by len(path) desc) = 1
),

roots as (
    select
        account_key,
        case
            when is_ring then list_min(list_slice(path, list_position(path, top_key), len(path)))
            else top_key
        end as root_account_key,
        len(list_distinct(path)) - 1 as depth,
        is_ring,
    from highest
)

select * from roots
