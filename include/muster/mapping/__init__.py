"""Mappings into dbt: staging models, source descriptions and one union per entity, as SQL that a person can read.

    load_mappings(...)  ->  planned(...)  ->  muster.compiled.write(...)      # what `muster compile` does

Nothing here runs SQL or reads a source.
"""

from muster.mapping.plan import custom_columns, planned, write_mappings

__all__ = ["custom_columns", "planned", "write_mappings"]
