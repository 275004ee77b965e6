{#- Every raw object with its key. -#}
{%- macro raw_objects() -%}
{{ return([
    {'system': 'marketo', 'object': 'leads', 'key': ['id']},
    {'system': 'marketo', 'object': 'activities', 'key': ['marketoGUID']},
    {'system': 'marketo', 'object': 'deleted_leads', 'key': ['marketoGUID']},
    {'system': 'marketo', 'object': 'static_lists', 'key': ['id', 'leadId']},
    {'system': 'marketo', 'object': 'companies', 'key': ['id']},
    {'system': 'marketo', 'object': 'opportunities', 'key': ['marketoGUID']},
    {'system': 'marketo', 'object': 'opportunity_roles', 'key': ['marketoGUID']},
    {'system': 'marketo', 'object': 'lead_changes', 'key': ['marketoGUID']},
    {'system': 'marketo', 'object': 'sales_persons', 'key': ['id']},
    {'system': 'marketo', 'object': 'programs', 'key': ['id']},
    {'system': 'marketo', 'object': 'program_members', 'key': ['programId', 'leadId']},
    {'system': 'marketo', 'object': 'smart_campaigns', 'key': ['id']},
    {'system': 'marketo', 'object': 'named_accounts', 'key': ['marketoGUID']},
    {'system': 'marketo', 'object': 'custom_contract_c', 'key': ['marketoGUID']},
    {'system': 'salesforce', 'object': 'accounts', 'key': ['Id']},
    {'system': 'salesforce', 'object': 'contacts', 'key': ['Id']},
    {'system': 'salesforce', 'object': 'leads', 'key': ['Id']},
    {'system': 'salesforce', 'object': 'opportunities', 'key': ['Id']},
    {'system': 'salesforce', 'object': 'opportunity_contact_roles', 'key': ['Id']},
    {'system': 'salesforce', 'object': 'account_contact_relations', 'key': ['Id']},
]) }}
{%- endmacro -%}
