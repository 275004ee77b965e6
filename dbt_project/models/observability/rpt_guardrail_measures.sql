with sources as (
    select * from {{ ref('int_measure__sources') }}
),

tables as (
    select * from {{ ref('int_measure__tables') }}
),

people as (
    select * from {{ ref('int_measure__people') }}
),

audience_sizes as (
    select * from {{ ref('rpt_audience_sizes') }}
),

evaluation as (
    select * from {{ ref('int_lake__as_of') }}
),

united as (
    select guardrail_id, scope, measured_value from sources
    union all
    select guardrail_id, scope, measured_value from tables
    union all
    select guardrail_id, scope, measured_value from people
    union all
    select 'audience_members', audience, member_count from audience_sizes
),

measures as (
    select
        u.guardrail_id,
        u.scope,
        u.measured_value::double as measured_value,
        e.as_of as measured_at,
    from united as u
    cross join evaluation as e
)

select * from measures
