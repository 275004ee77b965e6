"""A new audience to start from: a commented file that is valid as it stands."""

from __future__ import annotations

from pathlib import Path

from muster.errors import ConfigError, Problem
from muster.naming import is_slug

TEMPLATE = """\
# yaml-language-server: $schema=audience.schema.json
# The language is explained in docs/reference/audience_language.md; `muster compile` checks this file.
audience: {slug}             # the name of this file
name: {name}
description: Say in a sentence who is in it, and what it is for.
entity: person               # person or account
# evaluate: streaming        # only to insist on it; the method is derived from the definition otherwise

where:
  all:                       # all, any or none of the conditions below; they nest
    # A field of the person, an operator and a value.
    - field: is_unsubscribed
      equals: false

    # Text is compared exactly; `case: ignore` makes ANN and Ann the same.
    - field: title
      contains: director
      case: ignore

    # How often something happened, in a span of time before the evaluation.
    - event: visit_webpage
      count: {{at_least: 1}}
      within: 7 days
      where:
        field: page_url
        contains: /pricing

    # Things the person is related to. Fields of the relation itself begin with `relation.`.
    - related: accounts
      match: any             # any, all, none or {{at_least: 2}}
      where:
        all:
          - field: relation.is_active
            equals: true
          - field: industry
            in: [Finance, Insurance]
"""


def scaffold(folder: Path, slug: str) -> Path:
    """Write <folder>/<slug>.yml. Raises ConfigError for a bad name and where the file exists."""
    path = folder / f"{slug}.yml"
    if not is_slug(slug):
        raise ConfigError(
            [Problem(folder, 1, f"'{slug[:60]}' must be lower-case words joined by single underscores")]
        )
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.format(slug=slug, name=slug.replace("_", " ").capitalize()))
    except FileExistsError:
        raise ConfigError([Problem(path, 1, "this audience exists already")]) from None
    return path
