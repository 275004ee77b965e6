"""Audiences: definitions in YAML, checked against the model, compiled to dbt models that people can read.

audiences = load_audiences(settings.audiences_dir)     # every problem of every file at once
write_models(audiences, settings.platform, settings.dbt_project)

one file ─► parse, conditions, values ─► model ─► compile, compare ─► render ─► generate ─► write
                  (catalogue, operators)   │
                                           └─► method: batch or streaming-eligible (rule B7)
"""

from muster.audiences.model import Audience, Reason
from muster.audiences.parse import load_audiences
from muster.audiences.scaffold import scaffold
from muster.audiences.write import check_activations, write_models

__all__ = ["Audience", "Reason", "check_activations", "load_audiences", "scaffold", "write_models"]
