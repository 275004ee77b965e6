-- How many values of each typed column can't be cast; the types stand as `cast` in the sources' descriptions.
with checked as (
    {% for raw in raw_objects() %}
    {%- set name = raw['system'] ~ '__' ~ raw['object'] -%}
    {%- set relation = source(raw['system'], name) -%}
    {%- for column in cast_columns(raw['system'], name) %}
    select
        _source_instance as source_instance,
        '{{ raw['object'] }}' as object_name,
        '{{ column['name'] | replace("'", "''") }}' as column_name,
        '{{ column['cast'] }}' as wanted_type,
        count(*) as failure_count,
    from {{ relation }}
    where {{ bulk_text(adapter.quote(column['name'])) }} is not null
        and {{ bulk_cast(adapter.quote(column['name']), column['cast']) }} is null
    group by _source_instance
    union all
    {%- endfor %}
    {%- endfor %}
    select null::varchar, null::varchar, null::varchar, null::varchar, 0
    where false
)

select * from checked
