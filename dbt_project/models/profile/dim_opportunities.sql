with records as (
    select * from {{ ref('int_opportunity__records') }}
),

opportunities as (
    select
        opportunity_key,
        account_key,
        source_instance,
        opportunity_id,
        opportunity_name as name,
        stage_name,
        opportunity_type,
        amount,
        currency,
        probability,
        is_closed,
        is_won,
        close_on,
        created_at,
        updated_at,
        {%- for name in custom_columns('opportunities') %}
        {{ name }},
        {%- endfor %}
    from records
)

select * from opportunities
