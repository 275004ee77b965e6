-- Rows and distinct keys of every raw object, beside the rows of its staging model. Where connections have different
-- keys (`only`, `except`) each counts its own; an object without a key is staged nowhere.
with counted as (
    {% for raw in raw_objects() %}
    {%- set name = raw['system'] ~ '__' ~ raw['object'] -%}
    select
        _source_instance as source_instance,
        '{{ raw['object'] }}' as object_name,
        count(*) as raw_row_count,
        {% if raw['key'] -%}
        count(distinct {{ raw['key'] | map('replace', 'leadId', "coalesce(leadId, '')") | join(" || ' ' || ") }})
            {{- ' filter (where ' ~ raw['where'] ~ ')' if 'where' in raw }} as raw_key_count,
        {%- else -%}
        0 as raw_key_count,
        {%- endif %}
        0 as staged_row_count,
    from {{ source(raw['system'], name) }}
    {%- for word in ['only', 'except'] if word in raw %}
    where _source_instance {{ 'in' if word == 'only' else 'not in' }} ('{{ raw[word] | join("', '") }}')
    {%- endfor %}
    group by _source_instance
    {%- if raw['key'] and 'only' not in raw %}
    union all
    select source_instance, '{{ raw['object'] }}', 0, 0, count(*)
    from {{ ref('stg_' ~ name) }}
    group by source_instance
    {%- endif %}
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
