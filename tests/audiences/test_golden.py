"""The generated files, to the letter. `python tests/audiences/test_golden.py` writes them anew; read the difference."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from sqlglot import parse_one

from muster.audiences import load_audiences, write_models
from muster.audiences.compile import compile_audience
from muster.audiences.generate import audience_files
from muster.audiences.reference import write_documents
from muster.audiences.render import plain_sql
from muster.config import load

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "golden"


def generated() -> dict[str, str]:
    (audience,) = load_audiences(GOLDEN / "definition")
    return audience_files(audience) | {"everything.spark.sql": plain_sql(compile_audience(audience), "spark")}


@pytest.mark.parametrize("name", sorted(generated()))
def test_a_definition_with_everything_gives_the_recorded_files(name: str) -> None:
    assert generated()[name] == (GOLDEN / name).read_text(encoding="utf-8")


def test_the_sql_for_spark_reads_back_as_sql_for_spark() -> None:
    text = generated()["everything.spark.sql"]
    again = parse_one(text, dialect="spark").sql("spark", comments=False)
    assert parse_one(again, dialect="spark").sql("spark", comments=False) == again
    assert r"o\'chief" in text and "get_json_object" in text


def test_the_models_in_the_repository_are_those_of_the_definitions(tmp_path: Path) -> None:
    settings = load(ROOT / "include" / "config", home=tmp_path)
    audiences = load_audiences(settings.audiences_dir)
    assert len(audiences) >= 3
    assert write_models(audiences, settings.platform, ROOT / "dbt_project", check=True) == []


def test_the_reference_page_and_the_schema_are_those_of_the_code() -> None:
    assert write_documents(ROOT, check=True) == []


if __name__ == "__main__":
    for name, text in generated().items():
        (GOLDEN / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{GOLDEN / name}\n")
