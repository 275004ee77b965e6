with golden as (
    select * from {{ ref('int_person__golden') }}
),

words as (
    select * from {{ ref('title_words') }}
),

titles as (
    select distinct title from golden where title is not null
),

found as (
    select
        t.title,
        arg_min(w.meaning, w.rank) filter (where w.about = 'seniority') as seniority,
        arg_min(w.meaning, w.rank) filter (where w.about = 'job_function') as job_function,
    from titles as t
    left join words as w on regexp_matches(lower(t.title), '\b(' || w.pattern || ')\b')
    group by t.title
)

select * from found
