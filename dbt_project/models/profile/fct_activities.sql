with activities as (
    select * from {{ ref('stg_marketo__activities') }}
),

mapped as (
    select * from {{ ref('int_mapped__activities') }} where not is_deleted
),

activity_types as (
    select * from {{ ref('activity_types') }}
),

clustered as (
    select * from {{ ref('int_person__lookup') }}
),

placed as (
    select *, {{ record_key('lead_id') }} as record_key
    from activities
),

told as (
    select
        a.activity_key,
        a.record_key,
        coalesce(t.activity_type, 'type_' || a.activity_type_id) as activity_type,
        a.activity_at,
        a.asset_name,
        coalesce(
            json_extract_string(a.attributes, '$."Webpage URL"'),
            case when t.activity_type = 'visit_webpage' then a.asset_name end
        ) as page_url,
        a.source_instance,
        a.attributes,
    from placed as a
    left join activity_types as t on t.activity_type_id = a.activity_type_id
    union all
    select
        record_key,
        {{ record_key('person_id') }},
        activity_type,
        activity_at,
        asset_name,
        page_url,
        source_instance,
        attributes,
    from mapped
),

facts as (
    select
        t.activity_key,
        c.person_key,
        t.activity_type,
        t.activity_at,
        t.asset_name,
        t.page_url,
        t.source_instance,
        t.attributes,
    from told as t
    left join clustered as c on c.record_key = t.record_key
)

select * from facts
