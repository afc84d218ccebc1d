"""YAML as the project's files and `--set` have it: one document of plain values, in which every key stands once.

Plain scalars mean what they mean in YAML 1.2 and JSON: `1e-3` is a number, `yes`, `08:30` and `2020-01-01` are text.
Keys are texts however they look. Values are built from the parser's events: no depth of nesting ends in a recursion.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from pipeline.errors import UserError, shown
from pipeline.files import matching

DEEPEST = 20
"""Levels of lists and mappings within each other; no schema of this project needs half of them."""
MOST = 100_000
"""Values in a document, those counted again that an alias repeats: aliases of aliases grow exponentially."""
LARGEST = 2**63
"""The integers that every library here can hold lie below this, and above its negative."""

PLAIN = {"": None, "~": None, **dict.fromkeys(("null", "Null", "NULL"))}
PLAIN |= {word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
SPECIAL = re.compile(r"([-+]?)\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
BASES = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
INTEGER = re.compile(r"[-+]?[0-9]+")
NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
MERGE = "<<"


def read_yaml(path: Path) -> dict[str, Any]:
    """A mapping from a YAML file in UTF-8; UserError names file, line and key of what is wrong with it."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path}: missing") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UserError(f"{path} line {line}: not valid YAML: not in UTF-8; save the file in that encoding") from None
    value = parse(text, str(path))
    if not isinstance(value, dict):
        found = "nothing" if value is None else type(value).__name__
        raise UserError(f"{path}: expected a mapping of keys to values, found {found}")
    return value


def yaml_files(folder: Path) -> list[Path]:
    """The YAML files of a folder, sorted, without hidden ones. UserError for one whose ending would leave it unread."""
    found = [path for path in matching(folder, "*.y*ml") if not path.name.startswith(".")]
    for path in found:
        if path.suffix != ".yaml":
            raise UserError(f"{path}: is not read; name it {path.stem}.yaml")
    return found


def retyped(value: Any) -> Any:
    """A value whose scalars were all read as text, with what each of them means."""
    if isinstance(value, dict):
        return {key: retyped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [retyped(item) for item in value]
    return scalar(value) if isinstance(value, str) else value


def parse(text: str, where: str) -> Any:
    """The value of a YAML text; UserError, which begins with `where` and the line, for what is wrong with it."""
    builder = _Builder()
    try:
        return builder.build(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or error
        place = f" line {mark.line + 1}" if mark else ""
        tabbed = mark and any("\t" in line for line in text.split("\n")[mark.line : mark.line + 1])
        tabs = "; indent by spaces, not by tabs" if tabbed else ""
        raise UserError(f"{where}{place}: not valid YAML: {problem}{tabs}") from None
    except UnicodeEncodeError:
        raise UserError(f"{where}: not valid YAML: not in UTF-8") from None
    except ValueError as error:
        raise UserError(f"{where} line {builder.line}: {error}") from None


def scalar(text: str) -> Any:
    """What a plain scalar means. Raises ValueError for an integer that is too large."""
    if text in PLAIN:
        return PLAIN[text]
    if INTEGER.fullmatch(text) or BASES.fullmatch(text):
        # a longer text is not even counted: its conversion takes time in the square of its length
        value = int(text, 0 if text[:2] in ("0o", "0x") else 10) if len(text) < 40 else LARGEST
        if abs(value) >= LARGEST:
            raise ValueError(f"{shown(text)} is too large a number")
        return value
    if NUMBER.fullmatch(text):
        return float(text)
    if found := SPECIAL.fullmatch(text):
        return math.nan if found[3] else float(f"{found[1]}inf")
    return text


class _Value(NamedTuple):
    """What has been read whole: how many values it is made of, and how many levels of lists and mappings."""

    value: Any
    size: int = 1
    height: int = 0


class _Open:
    """A list or mapping whose end has not been read."""

    def __init__(self, value: Any, anchor: str | None) -> None:
        self.value, self.anchor = value, anchor
        self.size, self.height = 1, 1
        self.key: str | None = None
        self.merged: list[dict[str, Any]] = []

    def add(self, item: _Value) -> None:
        """Raises ValueError for a key that is there already, for one that is no scalar, and for too much."""
        self.size += item.size
        self.height = max(self.height, item.height + 1)
        if self.size > MOST or self.height > DEEPEST:
            raise ValueError(f"more than {MOST} values, those counted that aliases repeat, or {DEEPEST} levels")
        if isinstance(self.value, list):
            self.value.append(item.value)
        elif self.key is None:
            self._name(item.value)
        elif self.key == MERGE:
            self.merged, self.key = item.value if isinstance(item.value, list) else [item.value], None
            if not all(isinstance(part, dict) for part in self.merged):
                raise ValueError(f"{MERGE} takes in mappings, such as `{MERGE}: *name`")
        else:
            self.value[self.key], self.key = item.value, None

    def _name(self, key: Any) -> None:
        if not isinstance(key, str):
            raise ValueError(f"a key must be a text, not a {type(key).__name__}")
        if key in self.value or (key == MERGE and self.merged):
            raise ValueError(f"key {shown(key)} is given twice; keep one")
        self.key = key

    def close(self) -> _Value:
        """With what is merged beneath the keys of its own; of several mappings the first goes before."""
        if self.merged:
            below = {key: item for part in reversed(self.merged) for key, item in part.items()}
            self.value = below | self.value
        return _Value(self.value, self.size, self.height)


class _Builder:
    """The value that a parser's events describe. Raises ValueError, and `line` is then where."""

    def __init__(self) -> None:
        self.open: list[_Open] = []
        self.anchors: dict[str, _Value] = {}
        self.mark: Any = None
        self.documents = 0
        self.value: Any = None

    def build(self, events: Iterator[Any]) -> Any:
        for event in events:
            self.mark = event.start_mark
            if isinstance(event, yaml.ScalarEvent):
                self._close(_Value(self._scalar(event)), event.anchor)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._begin(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                ended = self.open.pop()
                self._close(ended.close(), ended.anchor)
            elif isinstance(event, yaml.AliasEvent):
                if event.anchor not in self.anchors:
                    raise ValueError(f"*{event.anchor} refers to itself or to nothing before it")
                self._close(self.anchors[event.anchor], None)
            elif isinstance(event, yaml.DocumentStartEvent):
                self.documents += 1
                if self.documents > 1:
                    raise ValueError("a second document begins; a file holds one, so take out the `---`")
        return self.value

    @property
    def line(self) -> int:
        return self.mark.line + 1 if self.mark else 1

    def _scalar(self, event: Any) -> Any:
        _untagged(event)
        above = self.open[-1] if self.open else None
        names = above is not None and above.key is None and isinstance(above.value, dict)
        return event.value if names or not event.implicit[0] else scalar(event.value)

    def _begin(self, event: Any) -> None:
        _untagged(event)
        if len(self.open) >= DEEPEST:
            raise ValueError(f"more than {DEEPEST} levels of lists and mappings within each other")
        self.open.append(_Open([] if isinstance(event, yaml.SequenceStartEvent) else {}, event.anchor))

    def _close(self, made: _Value, anchor: str | None) -> None:
        """Give a value that has been read whole to what it lies in."""
        if anchor:
            self.anchors[anchor] = made
        if self.open:
            self.open[-1].add(made)
        else:
            self.value = made.value


def _untagged(event: Any) -> None:
    if event.tag not in (None, "!"):
        raise ValueError(f"tag {shown(event.tag)} is not read; write the value alone")
