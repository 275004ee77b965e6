with golden as (
    select * from {{ ref('int_account__golden') }}
),

hierarchy as (
    select * from {{ ref('int_account__hierarchy') }}
),

clustered as (
    select * from {{ ref('int_account__clustered') }}
),

counted as (
    select account_key, count(*) as record_count from clustered group by account_key
),

accounts as (
    select
        g.account_key,
        g.primary_record_key,
        g.account_name as name,
        g.domain,
        g.industry,
        g.annual_revenue,
        g.employee_count,
        g.country,
        g.city,
        g.parent_account_key,
        h.root_account_key,
        c.record_count,
        g.created_at,
        g.updated_at,
        {%- for name in custom_columns('accounts') %}
        g.{{ name }},
        {%- endfor %}
    from golden as g
    inner join hierarchy as h on h.account_key = g.account_key
    inner join counted as c on c.account_key = g.account_key
)

select * from accounts
