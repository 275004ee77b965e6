select a.member_key, p.email
from {{ ref('aud_everybody') }} as a
inner join {{ ref('dim_people') }} as p on p.person_key = a.member_key
