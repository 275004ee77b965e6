-- Every staged activity is a fact, whoever did it.
select count(*) as fact_count
from {{ ref('fct_activities') }}
having count(*) <> (
    select coalesce(sum(staged_row_count), 0)
    from {{ ref('int_lake__record_counts') }}
    where object_name = 'activities'
)
