{#- `1001`, `marketo__emea` -> `1001@emea.marketo`: the name of one source record everywhere. Null where the id is null. -#}
{%- macro record_key(record_id, source_instance='source_instance') -%}
{{ record_id }} || '@' || split_part({{ source_instance }}, '__', 2) || '.' || split_part({{ source_instance }}, '__', 1)
{%- endmacro -%}

{#- Company ids and named-account ids live in one class and must not collide: `77.mkto_org@amer.marketo`. -#}
{%- macro company_key(company_id, source_instance='source_instance') -%}
{{ record_key(company_id ~ " || '.mkto_org'", source_instance) }}
{%- endmacro -%}
