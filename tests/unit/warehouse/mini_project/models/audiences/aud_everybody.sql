select p.person_key as member_key, a.as_of as evaluated_at
from {{ ref('dim_people') }} as p
cross join {{ ref('int_lake__as_of') }} as a
