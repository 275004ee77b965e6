with records as (
    select * from {{ ref('int_person__records') }}
),

usable as (
    select * from {{ ref('int_person__usable_values') }}
),

merges as (
    select * from {{ ref('int_person__merges') }}
),

crm_links as (
    select * from {{ ref('int_lake__crm_links') }}
),

-- Whose ids a record's CRM ids are: those of the linked CRM, or of its own instance (a lead that names its contact).
owners as (
    select source_instance, crm_source_instance from crm_links
    union
    select r.source_instance, r.source_instance
    from records as r
    anti join crm_links as c on c.source_instance = r.source_instance
),

-- What one record says of another by name; only records that exist count.
named as (
    select
        r.record_key,
        {{ record_key('r.crm_contact_id', 'c.crm_source_instance') }} as other_record_key,
        'crm_contact_id' as evidence,
    from records as r
    inner join owners as c on c.source_instance = r.source_instance
    union all
    select
        r.record_key,
        {{ record_key('r.crm_lead_id', 'c.crm_source_instance') }},
        'crm_lead_id',
    from records as r
    inner join owners as c on c.source_instance = r.source_instance
    union all
    select record_key, converted_record_key, 'conversion' from records
    union all
    select record_key, master_record_key, 'merge' from records
    union all
    select loser_record_key, winner_record_key, 'merge' from merges
),

referring as (
    select n.record_key, n.other_record_key, n.evidence
    from named as n
    inner join records as o on o.record_key = n.other_record_key
),

-- Records that carry the same value are tied to the smallest of them: a star, not all pairs.
sharing as (
    select
        record_key,
        min(record_key) over (partition by usable_value) as other_record_key,
        'email' as evidence,
    from usable
    where value_kind = 'email'
    union all
    select
        record_key,
        min(record_key) over (partition by usable_value, match_last_name),
        'ecid_and_last_name',
    from usable
    where value_kind = 'ecid' and match_last_name is not null
    union all
    {%- for id in ['crm_contact_id', 'crm_lead_id'] %}
    select r.record_key, min(r.record_key) over (partition by c.crm_source_instance, r.{{ id }}), '{{ id }}'
    from records as r
    inner join owners as c on c.source_instance = r.source_instance
    where r.{{ id }} is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

edges as (
    select record_key, other_record_key, evidence from referring where record_key <> other_record_key
    union
    select record_key, other_record_key, evidence from sharing where record_key <> other_record_key
)

select * from edges
