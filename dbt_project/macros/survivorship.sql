{#- The first value that isn't empty, in the order of survivorship_position. -#}
{%- macro first_filled(column) -%}
arg_min({{ column }}, survivorship_position) filter (where {{ column }} is not null)
{%- endmacro -%}
