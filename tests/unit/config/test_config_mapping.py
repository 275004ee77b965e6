"""Mapping files: defaults, overrides, and every mistake with its line and the nearest right word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from muster.config.mapping_files import SHIPPED, Listed, load_mappings
from muster.config.mapping_model import ENTITIES
from muster.errors import ConfigError

DEFAULT = """\
objects:
  contacts:
    entity: people
    key: [id]
    version: changed
    fields:
      first_name: first
      last_name: last
      title: job
    custom: [region]
  companies:
    entity: accounts
    key: [id]
"""
ACME = [Listed("acme__main", ("contacts", "companies"))]

Load = Callable[..., dict]
Wrong = Callable[..., list[str]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def loaded(
        own: str = "", default: str = DEFAULT, sources: list[Listed] = ACME, name: str = "acme__main"
    ) -> dict:
        for place, text in (("shipped/acme/mapping.yml", default), (f"own/{name}.yml", own)):
            path = tmp_path / place
            path.parent.mkdir(parents=True, exist_ok=True)
            if text:
                path.write_text(text)
        found = load_mappings(sources, tmp_path / "own", shipped=tmp_path / "shipped")
        return {one.connection: one for one in found}

    return loaded


@pytest.fixture
def wrong(load: Load) -> Wrong:
    """The problems as `file:line: message (hint)`."""

    def problems(own: str = "", **more: object) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load(own, **more)
        return [
            f"{p.path.name}:{p.line}: {p.message}" + (f" ({p.hint})" if p.hint else "")
            for p in caught.value.problems
        ]

    return problems


def test_a_default_alone_is_enough(load: Load) -> None:
    contacts = load()["acme__main"].objects["contacts"]
    assert {name: spec.field for name, spec in contacts.filled.items()} == {
        "first_name": "first", "last_name": "last", "title": "job",
    }  # fmt: skip
    assert contacts.custom_columns == {"custom__region": "region"}


def test_a_users_file_says_only_what_differs(load: Load) -> None:
    own = "objects:\n  contacts:\n    version: stamp\n    fields:\n      title: position\n      first_name:\n    custom: [Tier__c]\n"
    contacts = load(own)["acme__main"].objects["contacts"]
    assert {name: spec.field for name, spec in contacts.filled.items()} == {
        "last_name": "last",
        "title": "position",
    }
    assert (contacts.entity, contacts.key, contacts.version) == ("people", ["id"], "stamp")
    assert contacts.custom == ["region", "Tier__c"]


def test_an_object_without_a_mapping_is_named(load: Load) -> None:
    found = load(sources=[Listed("acme__main", ("contacts", "owners"))])["acme__main"]
    assert (set(found.objects), found.unmapped) == ({"contacts"}, ("owners",))


def test_every_mistake_is_reported_at_once_with_its_line(wrong: Wrong) -> None:
    own = """\
objects:
  contact:
    entity: people
  contacts:
    fields:
      frist_name: a
      title: {feild: b}
      phone: {field: p, constant: q}
  companies:
    entity: acounts
    colour: red
"""
    assert wrong(own) == [
        "acme__main.yml:7: unknown key 'feild' (did you mean 'field'?)",
        "acme__main.yml:8: phone: say either the source's field or a constant",
        "acme__main.yml:11: unknown key 'colour' (did you mean 'columns'?)",
    ]


def test_names_of_the_model_are_checked_with_the_nearest_right_word(wrong: Wrong) -> None:
    own = "objects:\n  contact:\n    key: [x]\n  contacts:\n    fields:\n      frist_name: a\n  companies:\n    entity: acounts\n"
    assert wrong(own) == [
        "acme__main.yml:2: acme__main reads no object 'contact' (did you mean 'contacts'?)",
        "acme__main.yml:6: people have no field 'frist_name' (did you mean 'first_name'?)",
        "acme__main.yml:8: companies: unknown entity 'acounts' (did you mean 'accounts'?)",
    ]


def test_a_mistake_of_the_default_is_shown_in_the_default(wrong: Wrong) -> None:
    assert wrong("", default=DEFAULT.replace("title: job", "titel: job")) == [
        "mapping.yml:9: people have no field 'titel' (did you mean 'title'?)"
    ]


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ("objects:\n  contacts:\n    key: []\n", "contacts: says no key"),
        ("objects:\n  contacts:\n    entity: list_members\n    fields: {first_name: , last_name: , title: }\n    custom: []\n", "list_members need the field 'list_id'"),
        ("objects:\n  companies:\n    entity: campaigns\n    custom: [x]\n", "campaigns have no custom fields"),
        ("objects:\n  contacts:\n    custom: [Region]\n", "'Region' and 'region' would both be custom__region"),
        ("objects:\n  contacts:\n    fields:\n      account_id: {field: x, object: firms}\n", "reads no object 'firms'"),
        ("objects:\n  contacts:\n    columns:\n      email: {field: x}\n", "'email' is a field of the model"),
        ("objects:\n  contacts:\n    fields:\n      email: 'a}} {{ b'\n", "is not a field's name"),
        ("objects:\n  contacts:\n    fields:\n      email: {constant: 'a\\b'}\n", "must hold no braces"),
    ],
)  # fmt: skip
def test_what_a_mapping_may_not_say(wrong: Wrong, own: str, said: str) -> None:
    found = wrong(own)
    assert any(said in line for line in found), found


def test_a_file_of_a_connection_that_is_not_there_is_a_mistake(wrong: Wrong) -> None:
    assert wrong("objects: {}\n", name="acme__mian") == [
        "acme__mian.yml:1: platform.yml has no source 'acme__mian' (did you mean 'acme__main'?)"
    ]


def test_one_table_is_one_kind_of_thing(wrong: Wrong) -> None:
    sources = [*ACME, Listed("acme__second", ("contacts",))]
    own = "objects:\n  contacts:\n    entity: accounts\n    fields: {first_name: , last_name: , title: }\n"
    found = wrong(own, sources=sources, name="acme__second")
    assert len(found) == 1
    assert "contacts: accounts here, but people in acme__main, and both are one table" in found[0]


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*/mapping.yml")), ids=lambda path: path.parent.name)
def test_every_shipped_default_is_valid(path: Path, tmp_path: Path) -> None:
    from muster.config.mapping_files import shipped_mapping

    system = path.parent.name
    names = tuple(shipped_mapping(system).objects)
    (found,) = load_mappings([Listed(f"{system}__x", names)], tmp_path)
    assert set(found.objects) == set(names)
    assert {mapping.entity for mapping in found.objects.values()} <= set(ENTITIES)
