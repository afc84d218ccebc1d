"""The code that a result depends on: the definitions that given roots reach, read from syntax trees alone.

A module's top level is a set of definitions: functions, classes, assigned names. A definition reaches every name that
it mentions, through imports, re-exports and module aliases. What a module does when it is imported, beyond defining
names, counts as soon as something that counts imports it. Where in doubt a definition counts: a local variable may
have the name of a function, which is then reached. Not seen are what is looked up by a text, which the caller gives
as a root; subclasses that their base notes down in `__init_subclass__`; and functions noted down by a decorator from
outside the package.
"""

import ast
import contextlib
import functools
import hashlib
import os
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.errors import UserError, nearest

LEFT_OUT = frozenset({"pipeline.errors", "pipeline.files", "pipeline.schema"})
"""Modules whose edits change no number: messages, file writing, and schemas whose values the id already hashes."""

DYNAMIC = frozenset(
    {"__import__", "eval", "exec", "globals", "locals", "vars", "importlib.import_module", "sys.modules"}
)
"""What looks names up by their text: where a definition that counts uses one of these, its module stays whole."""

WHOLE, IMPORT = "*", "(import)"
"""Nodes `module:*` and `module:(import)`, beside its definitions: all of them, and what runs when it is imported."""


# --- one pass over a syntax tree


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


# --- a module's top level

IMPORTS = (ast.Import, ast.ImportFrom)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _bound(node: ast.AST) -> Iterator[str]:
    """Names that a top-level statement binds, imports apart; those inside a comprehension are its own."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif not isinstance(node, ast.alias):
        yield from (name for name in (getattr(node, "name", 0), getattr(node, "rest", 0)) if isinstance(name, str))
    if not isinstance(node, SCOPES):
        for child in [node.iter, *node.ifs] if isinstance(node, ast.comprehension) else ast.iter_child_nodes(node):
            yield from _bound(child)


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
        self.imports = _by_name(Reading(self.package, [*loose, *self.acts]).imports)
        self.definitions: dict[str, tuple[int, int]] = {}
        """Name -> first and last place in the body."""
        for place, statement in enumerate(self.body):
            for bound in _bound(statement):
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


def _by_name(imports: list[Import]) -> dict[str, list[Import]]:
    found: dict[str, list[Import]] = {}
    for each in imports:
        found.setdefault(each.bound, []).append(each)
    return found


# --- the package


class Facts(NamedTuple):
    """What a node adds to a digest ("" for nothing), and the nodes that it reaches."""

    digest: str
    reaches: frozenset[str]


class Sources:
    """A package's modules, as files below a folder, each read when first asked for and then remembered."""

    def __init__(self, folder: Path, name: str = "pipeline", left_out: frozenset[str] = LEFT_OUT) -> None:
        self.folder, self.name, self.left_out = folder, name, left_out
        self.digest = functools.cache(self._digest)
        self.tree = functools.cache(self._tree)
        self.module = functools.cache(self._module)
        self.facts = functools.cache(self._facts)
        self.closure = functools.cache(self._closure)

    def _digest(self, *roots: str) -> str:
        """sha256 of all that the roots reach; a root is `module:definition`, or `module` for all of its definitions."""
        nodes = sorted(frozenset().union(*map(self.closure, roots)))
        lines = [f"{node} {digest}" for node in nodes if (digest := self.facts(node).digest)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def reached(self, *roots: str) -> dict[str, frozenset[str]]:
        """Module -> the names of its definitions that count, and `(import)` where importing it does something."""
        found: dict[str, set[str]] = {}
        for node in sorted(frozenset().union(*map(self.closure, roots))):
            if self.facts(node).digest:
                module, _, name = node.partition(":")
                found.setdefault(module, set()).add(name)
        return {module: frozenset(names) for module, names in found.items()}

    @functools.cached_property
    def files(self) -> dict[str, Path | None]:
        """Module -> its file; None for a folder without `__init__.py`."""
        found: dict[str, Path | None] = {}
        for place, folders, names in os.walk(self.folder):
            folders[:] = [each for each in folders if each.isidentifier() and each != "__pycache__"]
            here = ".".join([self.name, *Path(place).relative_to(self.folder).parts])
            if "__init__.py" in names:
                found[here] = Path(place, "__init__.py")
            found.setdefault(here, None)
            found |= {f"{here}.{name[:-3]}": Path(place, name) for name in names if name.endswith(".py")}
            found.pop(f"{here}.__init__", None)
        return found

    def _tree(self, path: Path) -> ast.Module:
        """The file's syntax tree; UserError names file and line where there is none."""
        try:
            return ast.parse(path.read_bytes())
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None)
            raise UserError(f"{path}{f' line {line}' if line else ''}: not valid Python ({error})") from None

    def _module(self, name: str) -> Module:
        path = self.files[name]
        return Module(name, path, self.tree(path).body if path else [])

    def _closure(self, root: str) -> frozenset[str]:
        """All nodes that a root reaches."""
        module, _, name = root.partition(":")
        waiting = {each for each in self._meaning(module, name.split(".") if name else []) if ":" in each}
        if not waiting and module not in self.left_out:
            known = self.module(module).definitions if module in self.files else self.files
            raise UserError(f"there is no code '{root}'{nearest(name or module, known)}")
        seen: set[str] = set()
        while waiting:
            seen |= waiting
            waiting = {node for each in waiting for node in self.facts(each).reaches} - seen
        return frozenset(seen)

    def _facts(self, node: str) -> Facts:
        place, _, name = node.partition(":")
        module = self.module(place)
        if name == WHOLE:
            again = {found for each in chain(*module.imports.values()) for found in self._imported(each, [])}
            again = {found for found in again if ":" in found and not found.endswith(f":{WHOLE}")}
            return Facts("", frozenset(again | {f"{place}:{each}" for each in (IMPORT, *module.definitions)}))
        statements = module.statements(name)
        reading = Reading(module.package, statements)
        imports = _by_name(reading.imports)
        reaches = {f"{place}:{IMPORT}"} | self._loaded(module, imports)
        if name == IMPORT:
            reaches |= self._loaded(module, module.imports) | self._noted(module)
            reaches |= {f"{above}:{IMPORT}" for above in [place.rpartition(".")[0]] if above in self.files}
        meanings = []
        for dotted in sorted(reading.names):
            found = self._mentioned(module, imports, dotted)
            if found:
                meanings.append(f"{dotted}={','.join(sorted(found))}")
            reaches |= {each for each in found if ":" in each}
            if any(each in DYNAMIC or ".".join(each.split(".")[:2]) in DYNAMIC for each in found):
                reaches.add(f"{place}:{WHOLE}")
        text = "\n".join(["".join(reading.text), *meanings])
        return Facts(hashlib.sha256(text.encode()).hexdigest() if statements else "", frozenset(reaches))

    def _loaded(self, module: Module, imports: dict[str, list[Import]]) -> set[str]:
        """What runs when these imports are carried out."""
        found = set()
        for each in chain(*imports.values()):
            if each.module not in self.files:
                if each.module.split(".")[0] == self.name and not each.guarded:
                    raise UserError(f"{module.path} line {each.line}: there is no module {each.module}")
                continue
            loaded = {each.module, f"{each.module}.{each.name}"} & self.files.keys() - self.left_out
            found |= {f"{one}:{WHOLE if each.name == '*' else IMPORT}" for one in loaded}
        return found

    def _noted(self, module: Module) -> set[str]:
        """Definitions under a decorator of this package's, which may note them down when the module is imported."""
        found = set()
        for statement in module.body:
            for decorator in statement.decorator_list if isinstance(statement, SCOPES) else []:
                function = decorator.func if isinstance(decorator, ast.Call) else decorator
                names = Reading(module.package, function).names
                if any(":" in each for dotted in names for each in self._mentioned(module, {}, dotted)):
                    found |= {f"{module.name}:{name}" for name in _bound(statement)}
        return found

    def _mentioned(self, module: Module, imports: dict[str, list[Import]], dotted: str) -> set[str]:
        """What a dotted name may mean in a module: nodes (with a colon) and dotted names from outside the package.

        `imports` are those of the definition itself. Local variables mean nothing.
        """
        head, *rest = dotted.split(".")
        found = {f"{module.name}:{head}"} if head in module.definitions else set()
        bindings = [*module.imports.get(head, []), *imports.get(head, [])]
        for each in bindings:
            meaning = self._imported(each, rest)
            if not meaning and not each.guarded:
                what = f"'{each.name}' in {each.module}" if each.name else f"module {each.module}"
                raise UserError(f"{module.path} line {each.line}: there is no {what}")
            found |= meaning
        if not bindings and not found and head in DYNAMIC:
            return {head}
        for package in [each[: -1 - len(WHOLE)] for each in found if each.endswith(f":{WHOLE}")]:
            inside = [each.module for each in module.imports.get("", []) + imports.get("", [])]
            found |= {f"{each}:{WHOLE}" for each in inside if each.startswith(f"{package}.")}
        return found

    def _imported(self, each: Import, rest: list[str], above: frozenset[str] = frozenset()) -> set[str]:
        """What `bound.rest` means after an import."""
        path = [each.name, *rest] if each.name else rest
        if each.module.split(".")[0] != self.name:
            return {".".join([each.module, *path])}
        found = self._meaning(each.module, path, above)
        return found or ({f"{each.module}:{WHOLE}"} if not each.name and each.module in self.files else set())

    def _meaning(self, module: str, path: list[str], above: frozenset[str] = frozenset()) -> set[str]:
        """What `module.path` means; nothing where the path's first name is none of the module's.

        A module of which nothing further is named, or something that it does not define, counts whole. Where a
        package defines a name that one of its modules has too, it means both. `above` holds the questions that led
        to this one, so that two modules which import from each other come to an end.
        """
        question = f"{module}:{'.'.join(path)}"
        if module in self.left_out:
            return {".".join([module, *path])}
        if question in above or module not in self.files:
            return set()
        if not path:
            return {f"{module}:{WHOLE}"}
        (head, *rest), above = path, above | {question}
        here = self.module(module)
        found = {f"{module}:{head}"} if head in here.definitions else set()
        for each in here.imports.get(head, []):
            found |= self._imported(each, rest, above)
        if (child := f"{module}.{head}") in self.files:
            found |= self._meaning(child, rest, above) or {f"{child}:{WHOLE}"}
        for star in here.imports.get("*", []) if not found else []:
            found |= self._imported(star._replace(name=""), path, above)
        return found or ({f"{module}:{WHOLE}"} if "__getattr__" in here.definitions else set())


PROJECT = Sources(Path(__file__).parents[1])
"""This package's own code."""

digest, reached = PROJECT.digest, PROJECT.reached
