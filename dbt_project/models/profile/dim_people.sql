with golden as (
    select * from {{ ref('int_person__golden') }}
),

titles as (
    select * from {{ ref('int_person__titles') }}
),

records as (
    select * from {{ ref('int_person__records') }}
),

clustered as (
    select * from {{ ref('int_person__clustered') }}
),

counted as (
    select
        c.person_key,
        count(*) as record_count,
        count(distinct r.source_instance) as source_count,
        min(r.created_at) as first_seen_at,
    from records as r
    inner join clustered as c on c.record_key = r.record_key
    group by c.person_key
),

people as (
    select
        g.person_key,
        g.primary_record_key,
        g.first_name,
        g.last_name,
        g.email,
        g.ecid,
        g.phone,
        g.title,
        t.job_function,
        t.seniority,
        g.department,
        g.country,
        g.city,
        g.account_key,
        g.lead_score,
        g.is_unsubscribed,
        g.do_not_call,
        g.is_email_invalid,
        c.record_count,
        c.source_count,
        c.first_seen_at,
        g.created_at,
        g.updated_at,
        {%- for name in custom_columns('people') %}
        g.{{ name }},
        {%- endfor %}
    from golden as g
    inner join counted as c on c.person_key = g.person_key
    left join titles as t on t.title = g.title
)

select * from people
