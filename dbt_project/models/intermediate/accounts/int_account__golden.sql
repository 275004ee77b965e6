with records as (
    select * from {{ ref('int_account__records') }} where is_live
),

clustered as (
    select * from {{ ref('int_account__clustered') }}
),

lookup as (
    select * from {{ ref('int_account__lookup') }}
),

live as (
    select
        c.account_key,
        r.*,
        nullif(p.account_key, c.account_key) as parent_account_key,
        row_number() over (
            partition by c.account_key
            order by r.object_rank, r.source_priority, r.updated_at desc nulls last, r.record_key
        ) as survivorship_position,
    from records as r
    inner join clustered as c on c.record_key = r.record_key
    left join lookup as p on p.source_instance = r.source_instance and p.account_id = r.parent_account_id
),

golden as (
    select
        account_key,
        arg_min(record_key, survivorship_position) as primary_record_key,
        {% for column in [
            'account_name', 'domain', 'industry', 'annual_revenue', 'employee_count', 'country', 'city',
            'parent_account_key',
        ] + custom_columns('accounts') -%}
        {{ first_filled(column) }} as {{ column }},
        {% endfor -%}
        min(created_at) as created_at,
        max(updated_at) as updated_at,
    from live
    group by account_key
)

select * from golden
