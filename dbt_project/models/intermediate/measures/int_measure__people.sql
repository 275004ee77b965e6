with people as (
    select * from {{ ref('dim_people') }}
),

activities as (
    select * from {{ ref('fct_activities') }}
),

clustered as (
    select * from {{ ref('int_person__clustered') }}
),

records as (
    select * from {{ ref('int_person__records') }}
),

identities as (
    select record_key, record_key as identity_value from records
    union all
    select record_key, email from records
    union all
    select record_key, ecid from records
    union all
    select record_key, crm_contact_id from records
    union all
    select record_key, crm_lead_id from records
),

identity_counts as (
    select
        c.person_key,
        count(distinct i.record_key) as record_count,
        count(distinct i.identity_value) as identity_count,
    from identities as i
    inner join clustered as c on c.record_key = i.record_key
    group by c.person_key
),

numbers as (
    select 'identities_per_person' as guardrail_id, coalesce(max(identity_count), 0)::double as measured_value
    from identity_counts
    union all
    select 'biggest_cluster', coalesce(max(record_count), 0)::double
    from identity_counts
    union all
    select 'people_with_email_share', count(email) / greatest(count(*), 1)::double
    from people
    union all
    select 'profile_record_bytes', coalesce(max(strlen(to_json(people)::varchar)), 0)::double
    from people
    union all
    select 'event_record_bytes', coalesce(max(strlen(to_json(activities)::varchar)), 0)::double
    from activities
),

measures as (
    select guardrail_id, 'all' as scope, measured_value from numbers
)

select * from measures
