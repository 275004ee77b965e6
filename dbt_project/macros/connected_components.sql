{#-
    Labels every node of a graph with the smallest node it is connected to: columns `node` and `label`.

    nodes: relation with column `node`; edges: relation with columns `a` and `b`, nodes both, in any direction.
    Stands in a `with recursive` list, after the common table expressions it reads, and adds the one named `labels`.

    Each round offers smaller labels along edges and along the labels themselves (hooking and pointer jumping), so a
    chain of a thousand needs about ten rounds. `using key` keeps one label per node, and the recursion ends in the
    first round that improves none: it can't stop before it has converged, and it can't run for ever because labels
    only become smaller. The answer doesn't depend on the order of the rows.
-#}
{%- macro connected_components(nodes, edges) -%}
both_ways as materialized (
    select a, b from {{ edges }} where a <> b
    union
    select b, a from {{ edges }} where a <> b
),
labels(node, label) using key (node) as (
    select node, node
    from {{ nodes }}
    union
    (
        with jumped as (
            select l.node, l.label, further.label as further_label
            from recurring.labels as l
            inner join recurring.labels as further on further.node = l.label
        ),
        offers as (
            select mine.label as node, theirs.further_label as label
            from both_ways as e
            inner join jumped as mine on mine.node = e.a
            inner join jumped as theirs on theirs.node = e.b
            union all
            select e.a, theirs.further_label
            from both_ways as e
            inner join jumped as theirs on theirs.node = e.b
            union all
            select node, further_label
            from jumped
        ),
        best as (
            select node, min(label) as label
            from offers
            group by node
        )
        select best.node, best.label
        from best
        inner join recurring.labels as l on l.node = best.node
        where best.label < l.label
    )
)
{%- endmacro -%}
