{#- The typed columns of a raw table, as its source description lists them: [{'name': ..., 'cast': ...}]. -#}
{%- macro cast_columns(source_name, table_name) -%}
{%- set found = [] -%}
{%- if execute -%}
{%- for node in graph.sources.values() if node.source_name == source_name and node.name == table_name -%}
{%- for column in node.columns.values() if column.meta.get('cast') -%}
{%- do found.append({'name': column.name, 'cast': column.meta['cast']}) -%}
{%- endfor -%}
{%- endfor -%}
{%- endif -%}
{{ return(found) }}
{%- endmacro -%}
