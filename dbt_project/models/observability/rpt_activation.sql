-- Only what was sent of earlier evaluations counts: building the same lake again must give the same rows, and what
-- was sent of this build's own snapshot is not yet part of it.
with evaluation as (
    select * from {{ ref('int_lake__as_of') }}
),

receipts as (
    select r.* from {{ ref('stg_activation__receipts') }} as r
    inner join evaluation as e on r.as_of < e.as_of
),

intents as (
    select i.* from {{ ref('stg_activation__intents') }} as i
    inner join evaluation as e on i.as_of < e.as_of
),

runs as (
    select r.* from {{ ref('stg_activation__runs') }} as r
    inner join evaluation as e on r.as_of < e.as_of
),

facts as (
    select destination, audience, epoch, seq, member_key, operation, verdict from receipts
    union all
    select i.destination, i.audience, i.epoch, i.seq, i.member_key, i.operation, 'unknown'
    from intents as i
    anti join receipts as r
        on r.destination = i.destination
        and r.audience = i.audience
        and r.batch = i.batch
        and r.member_key = i.member_key
        and r.operation = i.operation
        and r.destination_key is not distinct from i.destination_key
),

newest_fact as (
    select *
    from facts
    qualify row_number() over (
        partition by destination, audience, member_key
        order by epoch desc, seq desc
    ) = 1
),

newest_run as (
    select *
    from runs
    qualify row_number() over (partition by destination, audience order by epoch desc, seq desc) = 1
),

counted as (
    select
        destination,
        audience,
        count(*) filter (where operation <> 'remove' and verdict in ('accepted', 'already')) as held_count,
        count(*) filter (where verdict = 'unmatched') as unmatched_count,
        count(*) filter (where verdict = 'ambiguous') as ambiguous_count,
        count(*) filter (where verdict = 'rejected') as rejected_count,
        count(*) filter (where verdict = 'unknown') as unknown_count,
    from newest_fact
    group by destination, audience
),

activations as (
    select
        r.destination,
        r.audience,
        r.as_of as last_as_of,
        r.event as last_event,
        r.recorded_at as last_recorded_at,
        r.desired_count,
        coalesce(c.held_count, 0) as held_count,
        coalesce(c.unmatched_count, 0) as unmatched_count,
        coalesce(c.ambiguous_count, 0) as ambiguous_count,
        coalesce(c.rejected_count, 0) as rejected_count,
        coalesce(c.unknown_count, 0) as unknown_count,
    from newest_run as r
    left join counted as c on c.destination = r.destination and c.audience = r.audience
)

select * from activations
