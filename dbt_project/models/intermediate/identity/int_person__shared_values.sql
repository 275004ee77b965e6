with records as (
    select * from {{ ref('int_person__records') }}
),

role_mailboxes as (
    select * from {{ ref('role_mailboxes') }}
),

placeholders as (
    select * from {{ ref('placeholder_emails') }}
),

emails as (
    select
        email as shared_value,
        split_part(email, '@', 1) as local_part,
        count(*) as record_count,
        count(distinct match_last_name) as last_name_count,
    from records
    where email is not null
    group by all
),

judged_emails as (
    select
        'email' as value_kind,
        e.shared_value,
        case
            when not regexp_full_match(e.shared_value, '[^@\s]+@[^@\s]+\.[^@\s]+') then 'malformed'
            when p.email is not null then 'placeholder'
            when r.local_part is not null then 'role_mailbox'
            when e.last_name_count >= {{ var('shared_email_last_names') }} then 'many_last_names'
        end as reason,
        e.record_count,
        e.last_name_count,
    from emails as e
    left join placeholders as p on p.email = e.shared_value
    left join role_mailboxes as r on r.local_part = e.local_part
),

judged_ecids as (
    select
        'ecid' as value_kind,
        ecid as shared_value,
        case
            when not regexp_full_match(ecid, '\d{38}') then 'malformed'
            when length(replace(ecid, left(ecid, 1), '')) = 0 then 'placeholder'
        end as reason,
        count(*) as record_count,
        count(distinct match_last_name) as last_name_count,
    from records
    where ecid is not null
    group by ecid
),

shared as (
    select * from judged_emails where reason is not null
    union all by name
    select * from judged_ecids where reason is not null
)

select * from shared
