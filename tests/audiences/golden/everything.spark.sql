with

evaluation as (

    select
        as_of as evaluated_at,
        cast(from_utc_timestamp(as_of, 'UTC') as date) as evaluated_on
    from int_lake__as_of

),

account_people as (

    select * from bridge_account_people

),

accounts as (

    select * from dim_accounts

),

activities as (

    select * from fct_activities

),

opportunities as (

    select * from dim_opportunities

),

people as (

    select * from dim_people

),

static_list_people as (

    select * from bridge_static_list_people

),

static_lists as (

    select * from dim_static_lists

),

-- where / all 6 / where / all 2: at least 2 of family
matching_family_1 as (

    select
        accounts.account_key
    from accounts
    inner join accounts as family
        on family.root_account_key = accounts.root_account_key
    group by
        accounts.account_key
    having
        count(distinct family.account_key) >= 2

),

-- where / all 6 / where / all 3: none of opportunities
matching_opportunities_2 as (

    select distinct
        opportunities.account_key
    from opportunities
    cross join evaluation
    where
        (
            opportunities.close_on >= evaluation.evaluated_on - interval '270' day
            and opportunities.close_on < evaluation.evaluated_on - interval '90' day
        )
        or (
            opportunities.close_on >= evaluation.evaluated_on
            and opportunities.close_on < evaluation.evaluated_on + interval '30' day
        )
        or opportunities.close_on < cast('2026-01-01' as date)

),

-- where / all 6: all of accounts
matching_accounts_3 as (

    select
        account_people.person_key
    from account_people
    inner join accounts
        on accounts.account_key = account_people.account_key
    group by
        account_people.person_key
    having
        count(distinct accounts.account_key) = count(
            distinct case
                when contains(';' || account_people.roles || ';', ';' || 'Manager' || ';')
                and exists(
                    select
                        1
                    from matching_family_1
                    where
                        matching_family_1.account_key = accounts.account_key
                )
                and not exists(
                    select
                        1
                    from matching_opportunities_2
                    where
                        matching_opportunities_2.account_key = accounts.account_key
                )
                then accounts.account_key
            end
        )

),

-- where / all 7: exactly 1 of static_lists
matching_static_lists_4 as (

    select
        static_list_people.person_key
    from static_list_people
    inner join static_lists
        on static_lists.list_key = static_list_people.list_key
    group by
        static_list_people.person_key
    having
        count(distinct static_lists.list_key) = 1

),

-- where / all 8: at least 3 of visit_webpage, click_email, in 48 hours to 1 hour ago
matching_events_5 as (

    select
        activities.person_key
    from activities
    cross join evaluation
    where
        (
            activities.activity_type in ('visit_webpage', 'click_email')
            and activities.activity_at >= evaluation.evaluated_at - interval '48' hour
            and activities.activity_at < evaluation.evaluated_at - interval '1' hour
        )
        and (
            contains(activities.page_url, '/pricing')
            or (
                not (
                    get_json_object(activities.attributes, '$[\'Referrer URL\']')
                ) is null
                and trim((
                    get_json_object(activities.attributes, '$[\'Referrer URL\']')
                )) <> ''
            )
        )
    group by
        activities.person_key
    having
        count(*) >= 3

),

-- where / all 9: none of unsubscribe_email, before the evaluation
matching_unsubscribe_email_6 as (

    select distinct
        activities.person_key
    from activities
    cross join evaluation
    where
        activities.activity_type = 'unsubscribe_email' and activities.activity_at < evaluation.evaluated_at

),

-- Each person for whom the whole condition is true
members as (

    select
        people.person_key as member_key,
        evaluation.evaluated_at
    from people
    cross join evaluation
    where
        (
            people.title in ('CMO', 'CIO')
            or contains(lower(people.title), lower((
                'o\'chief {' || '{ officer }}'
            )))
            or startswith(people.title, 'VP')
            or endswith(people.email, '@acme.example')
            or (
                not lower(people.country) in (lower('Canada'), lower('France')) and trim(people.country) <> ''
            )
            or (
                people.city is null or trim(people.city) = ''
            )
        )
        and not coalesce(people.department = 'Sales' or people.lead_score between 1 and 2.5 or people.is_unsubscribed, false)
        and people.lead_score <> -3
        and people.created_at >= cast('2025-12-31 22:00:00+00:00' as timestamp)
        and (
            people.updated_at >= evaluation.evaluated_at - interval '336' hour
            and people.updated_at < evaluation.evaluated_at
        )
        and exists(
            select
                1
            from matching_accounts_3
            where
                matching_accounts_3.person_key = people.person_key
        )
        and exists(
            select
                1
            from matching_static_lists_4
            where
                matching_static_lists_4.person_key = people.person_key
        )
        and exists(
            select
                1
            from matching_events_5
            where
                matching_events_5.person_key = people.person_key
        )
        and not exists(
            select
                1
            from matching_unsubscribe_email_6
            where
                matching_unsubscribe_email_6.person_key = people.person_key
        )

)

select * from members
