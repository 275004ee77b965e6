{#- The columns name each row: none of them is null and no two rows agree in all. Returns the offending keys' counts. -#}
{% test grain(model, columns) %}
select
    count(*) as row_count,
    count(*) filter (where {{ columns | join(' is null or ') }} is null) as null_count,
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1 or null_count > 0
{% endtest %}
