-- Every staged activity is a fact, whoever did it; of mapped sources those that weren't deleted.
select count(*) as fact_count
from {{ ref('fct_activities') }}
having count(*) <> (
    select coalesce(sum(staged_row_count), 0)
    from {{ ref('int_lake__record_counts') }}
    where object_name = 'activities' and source_instance like 'marketo!_!_%' escape '!'
) + (
    select count(*)
    from {{ ref('int_mapped__activities') }}
    where not is_deleted
)
