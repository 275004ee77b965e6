with activities as (
    select * from {{ ref('stg_marketo__activities') }} where activity_type_id = 32
),

pairs as (
    select
        source_instance,
        activity_at as merged_at,
        lead_id::varchar as winner_lead_id,
        unnest(regexp_extract_all(json_extract_string(attributes, '$."Merge IDs"'), '\d+')) as loser_lead_id,
    from activities
),

merges as (
    select
        source_instance,
        {{ record_key('winner_lead_id') }} as winner_record_key,
        {{ record_key('loser_lead_id') }} as loser_record_key,
        max(merged_at) as merged_at,
    from pairs
    where winner_lead_id <> loser_lead_id
    group by all
)

select * from merges
