"""What the plan knows of the code without running it: modules, methods and their settings, what protocols offer.

Everything is read from syntax trees, so that planning imports no torch and a comment changes nothing.
"""

import ast
import functools
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline import lookup
from pipeline.errors import UserError, shown, unknown
from pipeline.planning import identity
from pipeline.planning.reading import PLANNED
from pipeline.schema import spelling

PACKAGE = Path(__file__).parents[1]


def module_path(module: str) -> Path | None:
    """The file of a module of this package, or None."""
    base = PACKAGE.joinpath(*module.split(".")[1:])
    for path in (base / "__init__.py", base.with_suffix(".py")):
        if path.is_file():
            return path
    return None


tree = identity.PROJECT.tree
"""The file's syntax tree; UserError names file and line where there is none."""


@dataclass(frozen=True)
class Setting:
    """A declared setting of a method: name, Python type, the paper's default, unit and allowed range."""

    name: str
    kind: type
    default: Any
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] | None = None

    def check(self, value: Any, where: str) -> Any:
        """The value in the setting's type; UserError where type or range is wrong."""
        if self.kind is float and type(value) is int:
            value = float(value)
        if expected := self._unlike(value):
            raise UserError(f"{where} = {shown(value)}: expected {expected}")
        return value

    def _unlike(self, value: Any) -> str:
        """What is expected in place of a value; empty where it will do."""
        kind = self.kind.__name__
        if type(value) is not self.kind:
            return f"{kind}, found {type(value).__name__}{spelling(f'{kind}_type', value)}"
        if self.choices is not None and value not in self.choices:
            return f"one of {', '.join(map(str, self.choices))}"
        low = float("-inf") if self.low is None else float(self.low)
        high = (MOST if self.kind is int else float("inf")) if self.high is None else float(self.high)
        if isinstance(value, int | float) and not (low <= value <= high and math.isfinite(value)):
            return f"{kind} from {low:g} to {high:g}"
        return ""


MOST = 10**9
"""What a whole number that has no bound of its own may be at most: units, keys, steps that no memory holds."""
KINDS: dict[str, type] = {"int": int, "float": float, "bool": bool, "str": str}


@dataclass(frozen=True)
class MethodInfo:
    """What a method's source says of it."""

    key: str
    family: str
    module: str
    name: str
    """The class, as the paper spells it."""
    title: str
    """The module docstring's first line: the mechanism in one sentence."""
    attributes: dict[str, Any]
    settings: dict[str, Setting] = field(default_factory=dict)

    @property
    def paper(self) -> str:
        return self.attributes["paper"]

    @property
    def kind(self) -> str:
        return self.attributes["kind"]

    @property
    def trains(self) -> bool:
        return self.attributes.get("trains") is not False

    @property
    def builds_on(self) -> bool:
        return self.attributes.get("builds_on") is True

    @property
    def bases(self) -> tuple[str, ...]:
        """The names of the runs that it builds on; empty where it is one, which needs no name."""
        return tuple(self.attributes.get("bases", ()))

    @property
    def uses_labels(self) -> bool:
        return self.attributes.get("uses_labels") is True

    @property
    def told(self) -> str:
        """What it is told beyond its protocol, in words."""
        return self.attributes.get("told", "")

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams that it reads beside the training set."""
        return tuple(self.attributes.get("streams", ()))

    @property
    def requires(self) -> tuple[str, ...]:
        """Comparisons that must hold (`contract.Method.requires`)."""
        return tuple(self.attributes.get(PLANNED, ()))

    def resolve(self, given: dict[str, Any], where: str) -> dict[str, Any]:
        """All settings, the given ones checked and the rest at the paper's defaults."""
        for name in given:
            if name not in self.settings:
                raise unknown(f"setting of method '{self.key}'", name, self.settings, where)
        return {
            name: setting.check(given[name], f"{where}: {self.key}.{name}") if name in given else setting.default
            for name, setting in self.settings.items()
        }


@functools.cache
def method_modules() -> dict[str, str]:
    """Method key -> module, found by folder. Two files with one key are an error."""
    found: dict[str, str] = {}
    for path in lookup.keys((PACKAGE / "methods").glob("*/*.py"), "method"):
        module = f"pipeline.methods.{path.parent.name}.{path.stem}"
        if path.stem in found:
            raise UserError(f"two methods have the key '{path.stem}': {found[path.stem]} and {module}; rename one file")
        found[path.stem] = module
    return found


@functools.cache
def method(key: str) -> MethodInfo:
    """A method by key; UserError with the nearest right name where there is none."""
    modules = method_modules()
    if key not in modules:
        raise unknown("method", key, modules)
    module = modules[key]
    path = module_path(module)
    assert path is not None
    classes = [node for node in tree(path).body if isinstance(node, ast.ClassDef)]
    own = [node for node in classes if "paper" in _assigned(node)]
    if len(own) != 1:
        raise UserError(f"{path}: expected exactly one class with a `paper` attribute, found {len(own)}")
    attributes: dict[str, Any] = {}
    settings: dict[str, Setting] = {}
    for place, node in _resolution(module, own[0].name):
        for name, (value, annotation) in _assigned(node).items():
            if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "setting":
                settings[name] = _setting(name, value, annotation, place)
            elif name in settings:
                settings[name] = _redefaulted(settings[name], value, place)
            else:
                try:
                    literal = ast.literal_eval(value)
                except ValueError:
                    continue
                # what a base requires its members require too
                attributes[name] = (*attributes.get(name, ()), *literal) if name == PLANNED else literal
    for needed in ("paper", "kind"):
        if not isinstance(attributes.get(needed), str):
            raise UserError(f"{path}: class {own[0].name} lacks the text attribute `{needed}`")
    title = (ast.get_docstring(tree(path)) or "").split("\n")[0]
    return MethodInfo(key, module.split(".")[2], module, own[0].name, title, attributes, settings)


@functools.cache
def evidence(protocol: str) -> frozenset[str]:
    """The names that a protocol's evidence has: public properties of its class `Evidence` and that one's bases."""
    found: set[str] = set()
    for _, node in lineage(f"pipeline.protocols.{protocol}.run", "Evidence"):
        made = [part for part in node.body if isinstance(part, ast.FunctionDef) and part.decorator_list]
        found |= {part.name for part in made if "property" in ast.unparse(part.decorator_list[0])}
    return frozenset(name for name in found if not name.startswith("_"))


def summary(module: str) -> str:
    """The first sentence of a module's docstring."""
    path = module_path(module)
    assert path is not None
    return (ast.get_docstring(tree(path)) or "").split("\n")[0]


def imported(path: Path) -> list[Path]:
    """The files of this package that a file imports, at any depth, for types as well."""
    found: list[Path | None] = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found += [module_path(alias.name) for alias in node.names if alias.name.split(".")[0] == "pipeline"]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "pipeline":
            for alias in node.names:
                found.append(module_path(f"{node.module}.{alias.name}") or module_path(str(node.module)))
    return [target for target in found if target is not None]


def room_of(path: Path) -> str:
    """The part of the package that a file belongs to: a folder, or a module of its root."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


@functools.cache
def defines(module: str) -> frozenset[str]:
    """The functions, classes and names that a module's top level makes."""
    path = module_path(module)
    assert path is not None
    body = tree(path).body
    made = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    targets = [target for node in body if isinstance(node, ast.Assign) for target in node.targets]
    return frozenset(made | {target.id for target in targets if isinstance(target, ast.Name)})


def _assigned(node: ast.ClassDef) -> dict[str, tuple[ast.expr, ast.expr | None]]:
    """Name -> (value, annotation) of a class body's assignments."""
    found: dict[str, tuple[ast.expr, ast.expr | None]] = {}
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
            found[statement.target.id] = (statement.value, statement.annotation)
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            found[statement.targets[0].id] = (statement.value, None)
    return found


def _resolution(module: str, name: str) -> list[tuple[str, ast.ClassDef]]:
    """The class and its bases, furthest first; a base of several once, as far off as any of them has it."""
    found: dict[int, tuple[str, ast.ClassDef]] = {}
    for place, node in reversed(lineage(module, name)):
        found.setdefault(id(node), (place, node))
    return list(found.values())


def lineage(module: str, name: str) -> list[tuple[str, ast.ClassDef]]:
    """The class and its bases inside this package, in the order in which Python looks names up in them.

    A base that several have in common comes behind all of them.
    """
    found = _bases(module, name)
    last = {(path, node.name): place for place, (path, node) in enumerate(found)}
    return [pair for place, pair in enumerate(found) if last[pair[0], pair[1].name] == place]


def _bases(module: str, name: str) -> list[tuple[str, ast.ClassDef]]:
    """The class, then its bases with theirs, in turn; a base that several have stands there several times."""
    path = module_path(module)
    if path is None:
        return []
    first, _, rest = name.partition(".")
    for node in tree(path).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            bases = [ast.unparse(base) for base in node.bases]
            return [(str(path), node)] + [pair for base in bases for pair in _bases(module, base)]
    for node in tree(path).body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("pipeline"):
            for alias in node.names:
                if (alias.asname or alias.name) == first:
                    return _bases(f"{node.module}.{alias.name}", rest) if rest else _bases(node.module, alias.name)
    return []


def _setting(name: str, call: ast.Call, annotation: ast.expr | None, place: str) -> Setting:
    kind = KINDS.get(ast.unparse(annotation) if annotation else "")
    if kind is None:
        raise UserError(f"{place}: setting {name} must be annotated int, float, bool or str")
    try:
        default = ast.literal_eval(call.args[0])
        options = {word.arg: ast.literal_eval(word.value) for word in call.keywords if word.arg}
        declared = Setting(name, kind, default, **options)
    except (ValueError, IndexError, TypeError):
        raise UserError(f"{place}: setting {name} must be declared with literal arguments, default first") from None
    declared.check(default, f"{place}: default of setting {name}")
    return declared


def _redefaulted(base: Setting, value: ast.expr, place: str) -> Setting:
    """A subclass may restate an inherited setting's default as a plain literal."""
    try:
        default = base.check(ast.literal_eval(value), f"{place}: default of setting {base.name}")
    except ValueError:
        raise UserError(f"{place}: default of setting {base.name} must be a literal") from None
    return Setting(base.name, base.kind, default, base.unit, base.low, base.high, base.choices)
