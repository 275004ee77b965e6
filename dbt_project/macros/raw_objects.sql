{#- Every raw object with its key: those that are staged by hand, and those that are staged from a mapping. -#}
{%- macro raw_objects() -%}
{{ return([
    {'system': 'marketo', 'object': 'activities', 'key': ['marketoGUID']},
    {'system': 'marketo', 'object': 'deleted_leads', 'key': ['marketoGUID']},
    {'system': 'marketo', 'object': 'static_lists', 'key': ['id', 'leadId']},
    {'system': 'marketo', 'object': 'lead_changes', 'key': ['marketoGUID']},
    {'system': 'marketo', 'object': 'sales_persons', 'key': ['id']},
    {'system': 'marketo', 'object': 'programs', 'key': ['id']},
    {'system': 'marketo', 'object': 'program_members', 'key': ['programId', 'leadId']},
    {'system': 'marketo', 'object': 'smart_campaigns', 'key': ['id']},
    {'system': 'marketo', 'object': 'named_accounts', 'key': ['marketoGUID']},
    {'system': 'marketo', 'object': 'custom_contract_c', 'key': ['marketoGUID']},
    {'system': 'salesforce', 'object': 'deleted_records', 'key': ['object', 'id']},
] + mapped_objects()) }}
{%- endmacro -%}
