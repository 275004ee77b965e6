"""`make new-source NAME=acme_crm`: a connector that reads, commits and passes the first half of the conformance suite.

It writes a reader, a mapping, a simulator, a bench and a test file, and adds the source to the four places that list
the sources. Everything it writes is yours to change; nothing that exists is overwritten.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from muster.naming import is_slug

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = Path(__file__).with_name("source_template")
TESTS = Path("tests/contracts/sources")
END_OF_FIRST_HALF = "# ---- faults"


class CannotScaffold(Exception):
    """Says why; nothing was written."""


def scaffold(root: Path, name: str) -> list[Path]:
    """Every file written or changed. Raises CannotScaffold."""
    if not is_slug(name):
        raise CannotScaffold(
            f"'{name[:60]}' must be lower-case words joined by single underscores, such as acme_crm"
        )
    models = _holding(root / "include/muster/config", "SourceConfig = Annotated[")
    words = {
        "@NAME@": name,
        "@CLASS@": "".join(word.capitalize() for word in name.split("_")),
        "@TITLE@": name.replace("_", " ").title(),
        "@MODULE@": f"muster.config.{models.stem}",
        "@TESTS@": "".join(f"    {test},\n" for test in first_half(root)),
    }
    source, simulator = Path("include/muster/sources") / name, Path("include/muster_simulators") / name
    files = {
        source / "__init__.py": f'"""{words["@TITLE@"]} as a source."""\n',
        source / "source.py": _filled("reader.py.txt", words),
        source / "mapping.yml": _filled("mapping.yml.txt", words),
        simulator / "__init__.py": _filled("simulator.py.txt", words),
        TESTS / f"bench_{name}.py": _filled("bench.py.txt", words),
        TESTS / f"test_{name}_source.py": _filled("test.py.txt", words),
    }
    standing = [str(path) for path in files if (root / path).exists()]
    if standing:
        raise CannotScaffold(f"already there: {', '.join(standing)}")
    changed = {
        models: _with_model(models.read_text(), words),
        root / "include/muster/config/topology.py": _in_systems(root, name),
        root / "include/muster/sources/registry.py": _registered(root, words),
    }
    written = {**{root / path: text for path, text in files.items()}, **changed}
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return sorted(written)


def first_half(root: Path) -> list[str]:
    """The conformance tests that need no bulk jobs: those above the faults."""
    text = (root / TESTS / "test_source_conformance.py").read_text()
    above, found, _ = text.partition(END_OF_FIRST_HALF)
    if not found:
        raise CannotScaffold(f"the conformance suite has no line '{END_OF_FIRST_HALF}'")
    return sorted(re.findall(r"^def (test_\w+)\(", above, flags=re.MULTILINE))


def _filled(template: str, words: dict[str, str]) -> str:
    text = (TEMPLATES / template).read_text()
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def _holding(folder: Path, line: str) -> Path:
    found = [path for path in sorted(folder.glob("*.py")) if f"\n{line}" in path.read_text()]
    if len(found) != 1:
        raise CannotScaffold(f"{len(found)} files of {folder} hold `{line}`; one is expected")
    return found[0]


def _once(pattern: str, new: str, text: str, place: str) -> str:
    changed, count = re.subn(pattern, new, text, count=1, flags=re.MULTILINE | re.DOTALL)
    if count != 1:
        raise CannotScaffold(f"{place} does not look as expected: add the source there by hand")
    return changed


def _with_model(text: str, words: dict[str, str]) -> str:
    """The config model above the union of all sources, and its name in the union."""
    text = _once(
        r"^(SourceConfig = Annotated\[.*?)(,\s*Field\(discriminator)",
        rf"\1 | {words['@CLASS@']}Source\2",
        text,
        "SourceConfig",
    )
    return _once(r"^(?=SourceConfig = Annotated\[)", _filled("config.py.txt", words), text, "SourceConfig")


def _in_systems(root: Path, name: str) -> str:
    text = (root / "include/muster/config/topology.py").read_text()
    return _once(r"^(SYSTEMS = \([^)]*?),?(\s*)\)", rf'\1, "{name}"\2)', text, "SYSTEMS of topology.py")


def _registered(root: Path, words: dict[str, str]) -> str:
    text = (root / "include/muster/sources/registry.py").read_text()
    name, reader = words["@NAME@"], f"{words['@CLASS@']}Reader"
    imported = f"from muster.sources.{name}.source import {reader}\n"
    text = _once(
        r"^(from muster\.sources\.base import [^\n]*\n)", rf"\1{imported}", text, "the imports of registry.py"
    )
    lines = re.findall(r"^from muster\.sources\.\S+ import [^\n]*\n", text, flags=re.MULTILINE)
    text = text.replace("".join(lines), "".join(sorted(lines)))
    text = _once(r"^(SOURCES: [^\n]*\{\n)", rf'\1    "{name}": {reader},\n', text, "SOURCES of registry.py")
    opening = f'    if config.system == "{name}":\n        return {reader}(config, connection, transport=transport, sleep=sleep)  # type: ignore[arg-type]\n'
    return _once(
        r"^(    source_class\(config\.system\)\n)", rf"\1{opening}", text, "open_source of registry.py"
    )


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: make new-source NAME=acme_crm", file=sys.stderr)
        return 2
    try:
        written = scaffold(ROOT, arguments[0])
    except CannotScaffold as error:
        print(error, file=sys.stderr)
        return 2
    for path in written:
        print(f"wrote {path.relative_to(ROOT)}")
    print(f"next: pytest {TESTS}/test_{arguments[0]}_source.py, then docs/how-to/add_a_source.md")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
