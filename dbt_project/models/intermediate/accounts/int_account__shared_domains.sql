with records as (
    select * from {{ ref('int_account__records') }}
),

listed as (
    select * from {{ ref('shared_domains') }}
),

domains as (
    select domain, count(*) as record_count from records where domain is not null group by domain
),

shared as (
    select d.domain, min(l.reason) as reason, any_value(d.record_count) as record_count
    from domains as d
    inner join listed as l on d.domain = l.domain or ends_with(d.domain, '.' || l.domain)
    group by d.domain
)

select * from shared
