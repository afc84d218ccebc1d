"""A module's source as definitions: what each says, which names it mentions, what is imported. No more than syntax."""

import ast
import contextlib
import copy
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

IMPORT = "(import)"
"""Stands for what a module does when it is imported, beside the names of its definitions."""


class Import(NamedTuple):
    """`from module import name as bound`; without a name the module itself, without `bound` nothing is bound."""

    bound: str
    module: str
    name: str
    line: int
    guarded: bool
    """Under `try` with `except ImportError`, so that it may fail."""


def is_text(statement: object) -> bool:
    """Whether a statement is only a constant: a docstring, the note under an attribute, an ellipsis."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


PLANNED = "requires"
"""What a class states for the plan alone, which checks it (`contract.Method.requires`): it changes no result."""


def _planned(statement: ast.stmt) -> bool:
    """Whether it is such a statement; an empty one is only a default."""
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    named = [getattr(target, "id", "") for target in targets] == [PLANNED]
    return named and bool(getattr(getattr(statement, "value", None), "elts", []))


def _for_types(statement: ast.stmt) -> bool:
    """Whether it is `if TYPE_CHECKING`."""
    test = statement.test if isinstance(statement, ast.If) else None
    return getattr(test, "id", getattr(test, "attr", "")) == "TYPE_CHECKING"


@functools.cache
def _fields(kind: Any) -> list[tuple[str, str]]:
    """Fields that say what code does, and their text; whether a name is read or set, its place says already."""
    return [(name, f" {name}=") for name in kind._fields if name not in ("ctx", "type_comment")]


class Reading:
    """Some statements' text, the dotted names that they mention, and the imports among them.

    The text is that of the syntax tree, without positions, docstrings, and empty fields (which differ between Python
    versions). Annotations count in classes, whose fields they may be, and where a decorator may read them.
    """

    def __init__(self, package: str, statements: Any) -> None:
        self.text: list[str] = []
        self.names: set[str] = set()
        self.imports: list[Import] = []
        self._package = package
        self._annotated, self._guarded = True, False
        self.read(statements)

    def read(self, value: Any) -> None:
        kind = type(value)
        if kind is ast.Name:
            self.text.append(value.id)
            self.names.add(value.id)
        elif kind is ast.Constant:
            self.text.append(ascii(value.value))
        elif kind is list:
            self.text.append("[")
            for item in value:
                if not is_text(item):
                    self.read(item)
                    self.text.append(",")
            self.text.append("]")
        elif special := SPECIAL.get(kind):
            special(self, value)
        elif isinstance(value, ast.AST):
            self.fields(value)
        else:
            self.text.append(ascii(value))

    def fields(self, node: Any) -> None:
        kind: Any = type(node)
        self.text.append(f"{kind.__name__}(")
        for name, label in _fields(kind):
            value = getattr(node, name, None)
            if value is None or value == []:
                continue
            if name not in ("annotation", "returns"):
                self.text.append(label)
                self.read(value)
            elif self._annotated:
                self.text.append(label)
                self._annotation(value)
        self.text.append(")")

    def _annotation(self, node: ast.expr) -> None:
        """An annotation may be a text, or have parts that are."""
        self.read(node)
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                with contextlib.suppress(SyntaxError):
                    self.names |= Reading(self._package, ast.parse(part.value, mode="eval").body).names

    def _attribute(self, node: ast.Attribute) -> None:
        """`a.b.c` is one name; in `a(x).b.c` only a and x are."""
        dotted, value = node.attr, node.value
        while type(value) is ast.Attribute:
            dotted, value = f"{value.attr}.{dotted}", value.value
        if type(value) is ast.Name:
            self.text.append(f"{value.id}.{dotted}")
            self.names.add(self.text[-1])
        else:
            self.read(value)
            self.text.append(f".{dotted}")

    def _scope(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        outside, self._annotated = self._annotated, type(node) is ast.ClassDef or bool(node.decorator_list)
        if isinstance(node, ast.ClassDef):
            node = copy.copy(node)
            node.body = [each for each in node.body if not _planned(each)]
        self.fields(node)
        self._annotated = outside

    def _if(self, node: ast.If) -> None:
        self.read(node.orelse) if _for_types(node) else self.fields(node)

    def _try(self, node: ast.Try) -> None:
        caught = " ".join(ast.unparse(each.type) if each.type else "Exception" for each in node.handlers)
        outside = self._guarded
        self._guarded |= any(name in caught for name in ("ImportError", "ModuleNotFoundError", "Exception"))
        self.text.append(type(node).__name__)
        self.read(node.body)
        self._guarded = outside
        for part in (node.handlers, node.orelse, node.finalbody):
            self.read(part)

    def _format(self, node: ast.JoinedStr) -> None:
        """Python versions cut an f-string's text into different pieces."""
        plain = ""
        for part in node.values:
            if isinstance(part, ast.Constant):
                plain += str(part.value)
            else:
                self.text.append(f"f{plain!a}")
                self.read(part)
                plain = ""
        self.text.append(f"f{plain!a};")

    def _import(self, node: ast.Import) -> None:
        self.fields(node)
        for alias in node.names:
            top = alias.name.split(".")[0]
            bound, module = (alias.asname, alias.name) if alias.asname else (top, top)
            self.imports.append(Import(bound, module, "", node.lineno, self._guarded))
            self.imports.append(Import("", alias.name, "", node.lineno, self._guarded))

    def _import_from(self, node: ast.ImportFrom) -> None:
        self.fields(node)
        above = self._package.split(".")[: 1 - node.level or None] if node.level else []
        module = ".".join([*above, *([node.module] if node.module else [])])
        for alias in node.names:
            self.imports.append(Import(alias.asname or alias.name, module, alias.name, node.lineno, self._guarded))


SPECIAL: dict[type, Callable[[Reading, Any], None]] = {
    ast.Attribute: Reading._attribute,
    ast.ClassDef: Reading._scope,
    ast.FunctionDef: Reading._scope,
    ast.AsyncFunctionDef: Reading._scope,
    ast.If: Reading._if,
    ast.Try: Reading._try,
    ast.TryStar: Reading._try,
    ast.JoinedStr: Reading._format,
    ast.Import: Reading._import,
    ast.ImportFrom: Reading._import_from,
}


IMPORTS = (ast.Import, ast.ImportFrom)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def bound_by(node: ast.AST) -> Iterator[str]:
    """Names that a top-level statement binds, imports apart; those inside a comprehension are its own."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif not isinstance(node, ast.alias):
        yield from (name for name in (getattr(node, "name", 0), getattr(node, "rest", 0)) if isinstance(name, str))
    if not isinstance(node, SCOPES):
        for child in [node.iter, *node.ifs] if isinstance(node, ast.comprehension) else ast.iter_child_nodes(node):
            yield from bound_by(child)


def _acts(statement: ast.stmt) -> bool:
    """Whether it does more than to bind names: a call, a block, `module.name = ...`, `table[key] = ...`."""
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return any(
            isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store)
            for node in ast.walk(statement)
        )
    return not isinstance(statement, (*SCOPES, getattr(ast, "TypeAlias", ast.ClassDef)))


class Module:
    """A module's statements that count, its imports, and where each of its definitions lies among the statements."""

    def __init__(self, name: str, path: Path | None, body: list[ast.stmt]) -> None:
        self.name, self.path = name, path
        self.package = name if path is None or path.stem == "__init__" else name.rpartition(".")[0]
        statements = list(self._counting(body))
        loose = [each for each in statements if isinstance(each, IMPORTS)]
        self.body = [each for each in statements if not isinstance(each, IMPORTS)]
        self.acts = [each for each in self.body if _acts(each)]
        self.imports = by_name(Reading(self.package, [*loose, *self.acts]).imports)
        self.definitions: dict[str, tuple[int, int]] = {}
        """Name -> first and last place in the body."""
        for place, statement in enumerate(self.body):
            for bound in bound_by(statement):
                self.definitions[bound] = (self.definitions.get(bound, (place,))[0], place)

    def _counting(self, body: list[ast.stmt]) -> Iterator[ast.stmt]:
        """No texts; and what stands under the `else` of `if TYPE_CHECKING` as if it stood alone."""
        for statement in body:
            if isinstance(statement, ast.If) and _for_types(statement):
                yield from self._counting(statement.orelse)
            elif not is_text(statement):
                yield statement

    def statements(self, name: str) -> list[ast.stmt]:
        """Of a name that is set in several places also what lies between, since its order then matters."""
        if name == IMPORT:
            return self.acts
        first, last = self.definitions[name]
        return self.body[first : last + 1]


def by_name(imports: list[Import]) -> dict[str, list[Import]]:
    found: dict[str, list[Import]] = {}
    for each in imports:
        found.setdefault(each.bound, []).append(each)
    return found
