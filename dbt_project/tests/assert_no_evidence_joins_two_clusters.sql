-- Connected components have converged: no edge leads from one person, or one account, to another.
select e.evidence, count(*) as edge_count
from {{ ref('int_person__edges') }} as e
inner join {{ ref('int_person__clustered') }} as mine on mine.record_key = e.record_key
inner join {{ ref('int_person__clustered') }} as theirs on theirs.record_key = e.other_record_key
where mine.person_key <> theirs.person_key
group by e.evidence

union all

select e.evidence, count(*)
from {{ ref('int_account__edges') }} as e
inner join {{ ref('int_account__clustered') }} as mine on mine.record_key = e.record_key
inner join {{ ref('int_account__clustered') }} as theirs on theirs.record_key = e.other_record_key
where mine.account_key <> theirs.account_key
group by e.evidence
