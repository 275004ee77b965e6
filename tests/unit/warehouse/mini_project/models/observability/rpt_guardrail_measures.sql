select 'rows_built' as guardrail_id, 'dim_people' as scope, count(*)::double as measured_value, now() as measured_at
from {{ ref('dim_people') }}
