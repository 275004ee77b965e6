{#- What staging does to a raw text: a value that can't be cast becomes null and is counted in int_lake__cast_failures. -#}

{%- macro cast_to(expression, data_type) -%}
{%- if data_type == 'timestamptz' -%}
try_cast(replace({{ expression }}, 'Z+0000', 'Z') as timestamptz)
{%- elif data_type == 'date' -%}
try_cast(left({{ expression }}, 10) as date)
{%- elif data_type == 'json' -%}
case when json_valid({{ expression }}) then {{ expression }} end
{%- else -%}
try_cast({{ expression }} as {{ data_type }})
{%- endif -%}
{%- endmacro -%}

{#- An empty text is no value: Salesforce's files and some REST answers write nothing where there is nothing. -#}
{%- macro text_of(column) -%}
nullif({{ column }}, '')
{%- endmacro -%}

{#- The same where a source writes a word for no value; `nothing` is that word as an SQL text. -#}
{%- macro text_but(column, nothing) -%}
nullif(nullif({{ column }}, {{ nothing }}), '')
{%- endmacro -%}

{#- Marketo's bulk files write an empty value as the literal `null`. -#}
{%- macro bulk_text(column) -%}
{{ text_but(column, "'null'") }}
{%- endmacro -%}

{%- macro bulk_cast(column, data_type) -%}
{{ cast_to(bulk_text(column), data_type) }}
{%- endmacro -%}
