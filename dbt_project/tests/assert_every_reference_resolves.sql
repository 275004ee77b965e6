-- Every key of a public table that names a row of another one finds it.
select scope, measured_value
from {{ ref('int_measure__tables') }}
where guardrail_id = 'orphan_relations' and measured_value > 0
