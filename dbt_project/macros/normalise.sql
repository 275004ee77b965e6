{#- The text without blanks around it; null when nothing is left. -#}
{%- macro filled(column) -%}
nullif(trim({{ column }}), '')
{%- endmacro -%}

{#- How e-mail addresses and last names are compared everywhere. -#}
{%- macro match_text(column) -%}
nullif(lower(trim({{ column }})), '')
{%- endmacro -%}

{#- Host of a website without scheme, user, `www.`, path and port: `https://WWW.Acme.example:8080/x` -> `acme.example`. -#}
{%- macro website_domain(column) -%}
nullif(regexp_extract(
    lower(trim({{ column }})), '^(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?(?:www\.)?([^/:?#]+\.[^/:?#]+?)\.?(?:[/:?#].*)?$', 1
), '')
{%- endmacro -%}
