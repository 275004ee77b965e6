{#- The grain of every public table: what its rows are one of. The measures and the grain test read it. -#}
{%- macro grains() -%}
{{ return({
    'dim_people': ['person_key'],
    'dim_accounts': ['account_key'],
    'dim_opportunities': ['opportunity_key'],
    'dim_static_lists': ['list_key'],
    'dim_campaigns': ['campaign_key'],
    'fct_activities': ['activity_key'],
    'map_person_records': ['record_key'],
    'map_account_records': ['record_key'],
    'bridge_account_people': ['account_key', 'person_key'],
    'bridge_opportunity_people': ['opportunity_key', 'person_key', 'role'],
    'bridge_static_list_people': ['list_key', 'person_key'],
    'bridge_campaign_people': ['campaign_key', 'person_key'],
}) }}
{%- endmacro -%}

{#- Which key of a public table must be found in which other table. -#}
{%- macro references() -%}
{{ return([
    {'from': 'dim_people', 'key': 'account_key', 'to': 'dim_accounts', 'field': 'account_key'},
    {'from': 'dim_accounts', 'key': 'parent_account_key', 'to': 'dim_accounts', 'field': 'account_key'},
    {'from': 'dim_accounts', 'key': 'root_account_key', 'to': 'dim_accounts', 'field': 'account_key'},
    {'from': 'dim_opportunities', 'key': 'account_key', 'to': 'dim_accounts', 'field': 'account_key'},
    {'from': 'fct_activities', 'key': 'person_key', 'to': 'map_person_records', 'field': 'person_key'},
    {'from': 'map_person_records', 'key': 'person_key', 'to': 'dim_people', 'field': 'person_key', 'where': 'is_live'},
    {'from': 'map_account_records', 'key': 'account_key', 'to': 'dim_accounts', 'field': 'account_key', 'where': 'is_live'},
    {'from': 'bridge_account_people', 'key': 'account_key', 'to': 'dim_accounts', 'field': 'account_key'},
    {'from': 'bridge_account_people', 'key': 'person_key', 'to': 'dim_people', 'field': 'person_key'},
    {'from': 'bridge_opportunity_people', 'key': 'opportunity_key', 'to': 'dim_opportunities', 'field': 'opportunity_key'},
    {'from': 'bridge_opportunity_people', 'key': 'person_key', 'to': 'dim_people', 'field': 'person_key'},
    {'from': 'bridge_static_list_people', 'key': 'list_key', 'to': 'dim_static_lists', 'field': 'list_key'},
    {'from': 'bridge_static_list_people', 'key': 'person_key', 'to': 'dim_people', 'field': 'person_key'},
    {'from': 'bridge_campaign_people', 'key': 'campaign_key', 'to': 'dim_campaigns', 'field': 'campaign_key'},
    {'from': 'bridge_campaign_people', 'key': 'person_key', 'to': 'dim_people', 'field': 'person_key'},
]) }}
{%- endmacro -%}
