with expected as (
    select * from {{ ref('stg_lake__expected') }}
),

listed as (
    select * from {{ ref('crm_links') }}
),

instances as (
    select distinct source_system, source_instance from expected
),

only_crm as (
    select min(source_instance) as crm_source_instance
    from instances
    where source_system in ('salesforce', 'dynamics')
    having count(*) = 1
),

assumed as (
    select i.source_instance, o.crm_source_instance
    from instances as i
    cross join only_crm as o
    anti join listed as l on l.source_instance = i.source_instance
    where i.source_system = 'marketo'
),

links as (
    select source_instance, crm_source_instance from listed
    union
    select source_instance, crm_source_instance from assumed
)

select * from links
