select id as person_key, first_name, email from {{ ref('stg_marketo__leads') }}
