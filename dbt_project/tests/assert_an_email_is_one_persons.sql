-- Two people never have the same primary e-mail address.
select count(*) as person_count
from {{ ref('dim_people') }}
where email is not null
group by email
having count(*) > 1
