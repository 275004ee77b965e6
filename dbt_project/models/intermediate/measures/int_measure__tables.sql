with measures as (
    {% for table, key in grains().items() -%}
    select
        unnest(['rows_built', 'duplicate_keys', 'null_keys']) as guardrail_id,
        '{{ table }}' as scope,
        unnest([
            count(*),
            count(*) - count(distinct ({{ key | join(', ') }})),
            count(*) filter (where {{ key | join(' is null or ') }} is null),
        ])::double as measured_value,
    from {{ ref(table) }}
    union all
    {% endfor -%}
    {% for reference in references() -%}
    select
        'orphan_relations',
        '{{ reference['from'] }}.{{ reference['key'] }}',
        count(*)::double,
    from {{ ref(reference['from']) }} as referring
    anti join {{ ref(reference['to']) }} as referred
        on referred.{{ reference['field'] }} = referring.{{ reference['key'] }}
    where
        referring.{{ reference['key'] }} is not null and {{ reference.get('where', 'true') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from measures
