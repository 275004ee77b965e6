-- Which person a relation means by a record key: the record's own, or, where the CRM's contacts or leads are not read
-- themselves, the person whose Marketo lead carries that CRM id.
with records as (
    select * from {{ ref('int_person__records') }}
),

clustered as (
    select * from {{ ref('int_person__clustered') }}
),

crm_links as (
    select * from {{ ref('int_lake__crm_links') }}
),

expected as (
    select * from {{ ref('stg_lake__expected') }}
),

carried as (
    {%- for id, object_name in [('crm_contact_id', 'contacts'), ('crm_lead_id', 'leads')] %}
    select {{ record_key('r.' ~ id, 'l.crm_source_instance') }} as record_key, c.person_key
    from records as r
    inner join crm_links as l on l.source_instance = r.source_instance
    inner join clustered as c on c.record_key = r.record_key
    anti join expected as e on e.source_instance = l.crm_source_instance and e.object_name = '{{ object_name }}'
    where r.{{ id }} is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

lookup as (
    select record_key, person_key, true as is_record from clustered
    union all
    select r.record_key, min(r.person_key), false
    from carried as r
    anti join clustered as c on c.record_key = r.record_key
    group by r.record_key
)

select * from lookup
