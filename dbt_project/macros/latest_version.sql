{#-
    One row per (instance, key): the newest by the source's own stamp, then by window end, then by reading time.
    One run writes a window once, so what is still equal after the last term is the same row received twice.
    Only the columns that are asked for are read: no term here may name the whole row.
-#}
{%- macro latest_version(relation, key, stamp) -%}
select *
from {{ relation }}
where {{ key | join(' is not null and ') }} is not null
qualify row_number() over (
    partition by _source_instance, {{ key | join(', ') }}
    order by
        {{ stamp }} desc nulls last,
        _window_end desc nulls last,
        _extracted_at desc nulls last,
        _run_id desc nulls last
) = 1
{%- endmacro -%}
