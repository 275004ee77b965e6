with live as (
    select * from {{ ref('int_person__live_records') }}
),

golden as (
    select
        person_key,
        arg_min(record_key, survivorship_position) as primary_record_key,
        {% for column in [
            'first_name', 'last_name', 'email', 'ecid', 'phone', 'title', 'department', 'country', 'city',
            'account_key', 'lead_score',
        ] + custom_columns('people') -%}
        {{ first_filled(column) }} as {{ column }},
        {% endfor -%}
        coalesce(bool_or(is_unsubscribed), false) as is_unsubscribed,
        coalesce(bool_or(do_not_call), false) as do_not_call,
        min(created_at) as created_at,
        max(updated_at) as updated_at,
    from live
    group by person_key
),

bounced as (
    select distinct person_key, email from live where is_email_invalid
),

people as (
    select g.*, b.email is not null as is_email_invalid
    from golden as g
    left join bounced as b on b.person_key = g.person_key and b.email = g.email
)

select * from people
