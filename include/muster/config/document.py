"""Read one YAML file safely, and remember the line of every key and value.

A file is untrusted text (F101): no tags, no merge keys, no duplicate keys, and hard limits on size, depth and
the number of values after aliases are followed, so that no file can cost more than its length suggests.
Scalars stay simple: text, numbers, true/false, null. Dates are given back as the text that was written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from muster.errors import ConfigError, Problem

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
MAX_ALIASES = 100
MAX_VALUES = 20_000
CORE = "tag:yaml.org,2002:"
TEXTS = (f"{CORE}str", f"{CORE}timestamp")
PLAIN = (*TEXTS, *(f"{CORE}{kind}" for kind in ("int", "float", "bool", "null", "map", "seq")))

PathTuple = tuple[str | int, ...]


@dataclass
class Document:
    """The plain value of a file and the line of each key and value in it."""

    path: Path
    value: Any
    _keys: dict[PathTuple, int] = field(default_factory=dict)
    _values: dict[PathTuple, int] = field(default_factory=dict)

    def line(self, path: PathTuple, *, key: bool = False) -> int:
        """Line (from 1) of the value at `path`, or of its key; of the nearest parent where it doesn't exist."""
        places = self._keys if key else self._values
        while path and path not in places:
            path, places = path[:-1], self._values
        return places.get(path, 1)

    def problem(self, path: PathTuple, message: str, hint: str = "", *, key: bool = False) -> Problem:
        return Problem(self.path, self.line(path, key=key), message, hint)


class _RefusedError(Exception):
    """One thing in the file that makes the rest not worth reading."""

    def __init__(self, line: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.line, self.message, self.hint = line, message, hint


def read_document(path: Path, problems: list[Problem]) -> Document | None:
    """Read a YAML file. What is wrong with it is appended to `problems`; None where nothing could be read."""
    try:
        text = _text(path)
        _check_limits(text)
        root = YAML(typ="safe", pure=True).compose(StringIO(text))
        if root is None:
            raise _RefusedError(1, "the file is empty")
        document = Document(path, None)
        document.value = _Builder(document, problems).build(root, (), 0)
        return document
    except _RefusedError as refused:
        problems.append(Problem(path, refused.line, refused.message, refused.hint))
    except YAMLError as error:
        problems.append(Problem(path, _line_of(error), f"not readable as YAML: {_reason(error)}"))
    return None


def require_document(path: Path) -> Document:
    """As read_document, for callers that want nothing else from a file with problems. Raises ConfigError."""
    problems: list[Problem] = []
    document = read_document(path, problems)
    if document is None or problems:
        raise ConfigError(problems)
    return document


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _RefusedError(1, f"the file can't be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise _RefusedError(1, f"the file is larger than {MAX_BYTES // 1024} KiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _RefusedError(data[: error.start].count(b"\n") + 1, "this line is not UTF-8 text") from None


def _check_limits(text: str) -> None:
    """Depth and aliases, on the stream of events: nothing is built before they are known to be small."""
    depth = aliases = 0
    for event in YAML(typ="safe", pure=True).parse(StringIO(text)):
        line = event.start_mark.line + 1
        if isinstance(event, AliasEvent):
            aliases += 1
        elif isinstance(event, CollectionStartEvent):
            depth += 1
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise _RefusedError(line, f"nested deeper than {MAX_DEPTH} levels")
        if aliases > MAX_ALIASES:
            raise _RefusedError(line, f"more than {MAX_ALIASES} aliases")


class _Builder:
    """Turns nodes into plain values, counting every value so that aliases can't multiply without end."""

    def __init__(self, document: Document, problems: list[Problem]) -> None:
        self.document, self.problems, self.count = document, problems, 0
        self.scalars = SafeConstructor(loader=YAML(typ="safe", pure=True))

    def build(self, node: Node, path: PathTuple, depth: int) -> Any:
        line = _line(node)
        self.count += 1
        if self.count > MAX_VALUES:
            raise _RefusedError(line, f"more than {MAX_VALUES} values, aliases followed")
        if depth > MAX_DEPTH:
            raise _RefusedError(line, "an alias that contains itself")
        self.document._values.setdefault(path, line)
        if node.tag not in PLAIN:
            self._note(line, "tags (!...) are refused", "write plain values only")
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, SequenceNode):
            return [self.build(item, (*path, index), depth + 1) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: MappingNode, path: PathTuple, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = _line(key_node)
            key = key_node.value
            if not isinstance(key_node, ScalarNode) or key_node.tag == f"{CORE}merge":
                self._note(line, "only plain texts can be keys here")
            elif key in found:
                first = self.document.line((*path, key), key=True)
                self._note(line, f"'{key}' is written twice; the first is in line {first}")
            else:
                self.document._keys[(*path, key)] = line
                found[key] = self.build(value_node, (*path, key), depth + 1)
        return found

    def _scalar(self, node: Node) -> Any:
        if node.tag in TEXTS:
            return node.value
        try:
            return self.scalars.construct_object(node)
        except (ValueError, OverflowError):
            return node.value

    def _note(self, line: int, message: str, hint: str = "") -> None:
        self.problems.append(Problem(self.document.path, line, message, hint))


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _line_of(error: YAMLError) -> int:
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        return int(mark.line) + 1 if mark is not None else 1
    return 1


def _reason(error: YAMLError) -> str:
    """What the parser says, without the excerpt of the file that it likes to print."""
    if isinstance(error, MarkedYAMLError):
        return " ".join(part for part in (error.context, error.problem) if part)
    if isinstance(error, ReaderError):
        return f"character {error.character!r} is not allowed"
    return type(error).__name__
