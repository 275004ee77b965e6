-- Rows and distinct keys of every raw object, beside the rows of its staging model.
with counted as (
    {% for raw in raw_objects() %}
    {%- set name = raw['system'] ~ '__' ~ raw['object'] -%}
    select
        _source_instance as source_instance,
        '{{ raw['object'] }}' as object_name,
        count(*) as raw_row_count,
        count(distinct {{ raw['key'] | map('replace', 'leadId', "coalesce(leadId, '')") | join(" || ' ' || ") }}) as raw_key_count,
        0 as staged_row_count,
    from {{ source(raw['system'], name) }}
    group by _source_instance
    union all
    select source_instance, '{{ raw['object'] }}', 0, 0, count(*)
    from {{ ref('stg_' ~ name) }}
    group by source_instance
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

summed as (
    select
        source_instance,
        object_name,
        sum(raw_row_count)::bigint as raw_row_count,
        sum(raw_key_count)::bigint as raw_key_count,
        sum(staged_row_count)::bigint as staged_row_count,
    from counted
    group by source_instance, object_name
)

select * from summed
