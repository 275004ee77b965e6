-- Clustering loses no record and adds none.
select 'person' as entity
where (select count(*) from {{ ref('int_person__records') }}) <> (select count(*) from {{ ref('int_person__clustered') }})

union all

select 'account'
where (select count(*) from {{ ref('int_account__records') }}) <> (select count(*) from {{ ref('int_account__clustered') }})
