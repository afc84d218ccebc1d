"""The code that a result depends on: the definitions that given roots reach, read from syntax trees alone.

A module's top level is a set of definitions: functions, classes, assigned names. A definition reaches every name that
it mentions, through imports, re-exports and module aliases. What a module does when it is imported, beyond defining
names, counts as soon as something that counts imports it. Where in doubt a definition counts: a local variable may
have the name of a function, which is then reached. Not seen are what is looked up by a text, which the caller gives
as a root; subclasses that their base notes down in `__init_subclass__`; and functions noted down by a decorator from
outside the package.
"""

import ast
import functools
import hashlib
import os
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import UserError, nearest
from pipeline.planning.reading import IMPORT, SCOPES, Import, Module, Reading, bound_by, by_name

LEFT_OUT = frozenset(f"pipeline.{name}" for name in ("errors", "files", "lookup", "schema", "budget"))
"""Modules whose edits change no number: messages, file writing, schemas whose values the id already hashes, and the
one that finds modules by name, of which the plan knows which."""

DYNAMIC = frozenset(
    {"__import__", "eval", "exec", "globals", "locals", "vars", "importlib.import_module", "sys.modules"}
)
"""What looks names up by their text: where a definition that counts uses one of these, its module stays whole."""

WHOLE = "*"
"""The node `module:*` is all of a module's definitions, `module:(import)` what runs when it is imported."""


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
            own = {f"{place}:{each}" for each in (IMPORT, *module.definitions)}
            imported = {found for each in chain(*module.imports.values()) for found in self._imported(each, [])}
            exported = {found for found in imported if ":" in found and not found.endswith(f":{WHOLE}")}
            return Facts("", frozenset(own | exported))
        statements = module.statements(name)
        reading = Reading(module.package, statements)
        imports = by_name(reading.imports)
        reaches = {f"{place}:{IMPORT}"} | self._loaded(module, imports)
        if name == IMPORT:
            reaches |= self._loaded(module, module.imports) | self._noted(module)
            reaches |= {f"{above}:{IMPORT}" for above in {place.rpartition(".")[0]} & self.files.keys() - self.left_out}
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
                    found |= {f"{module.name}:{name}" for name in bound_by(statement)}
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


def schemas(folder: Path, name: str = "pipeline") -> frozenset[str]:
    """The halves of modalities that need no torch: what studies may say of views, which ids hash as values."""
    return frozenset(f"{name}.modalities.{path.parent.name}" for path in folder.glob("modalities/*/run.py"))


PACKAGE = Path(__file__).parents[1]
PROJECT = Sources(PACKAGE, left_out=LEFT_OUT | schemas(PACKAGE))
"""This package's own code."""

digest, reached = PROJECT.digest, PROJECT.reached
