"""Which edits change the digest of what roots reach, and which do not: on small packages, and on this one."""

import ast
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import UserError
from pipeline.planning import identity
from pipeline.planning.identity import Sources

Make = Callable[..., Sources]


def write(folder: Path, **files: str) -> Sources:
    """A package with these files: `b` is b.py, `b_c` is b/c.py, and `b_` is b/__init__.py."""
    for name, text in files.items():
        path = folder / "pipeline" / f"{name.replace('_', '/')}.py"
        path = path.parent / "__init__.py" if name.endswith("_") else path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Sources(folder / "pipeline")


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return lambda **files: write(tmp_path, **files)


# --- a package with a case of each rule, and edits of it

TEXTS = '''
--- loop
"""Training."""

import math
from typing import TYPE_CHECKING

import pipeline.deep.inner
import pipeline.patches
from pipeline import errors, shapes
from pipeline.metrics import mean as average
from pipeline.errors import UserError
from pipeline.registry import TABLE

if TYPE_CHECKING:
    from pipeline.nowhere import Nothing

RATE = 0.1
FIRST, (SECOND, *REST) = 1, (2, 3)
TOTAL: float = 0.0
BETWEEN = TOTAL
TOTAL += 1.5
UNUSED = [each for each in range(5)]


def helper(x):
    """Halve."""
    # a comment
    note = f"{x:>{FIRST}} of {x!r}", [each for each in x]
    if TYPE_CHECKING:
        from pipeline.nowhere import Something
    return x / 2, note


def unused(each):
    return each


class Width:
    size = 4


class Colour:
    name = "red"


class Keyword:
    name = "blue"


class Base:
    width: "Width | None" = 3
    """A note."""
    colour: Colour

    def run(self, x):
        return x + RATE


class Loop(Base, keyword=Keyword):
    def run(self, x: "Hint") -> "Hint":
        from pipeline.late import late

        local: Hint = super().run(x)
        return late(local) + shapes.area(2) + pipeline.deep.inner.depth() + average([1]) + TOTAL

    def other(self, kind):
        match kind:
            case shapes.Kind.ROUND:
                return range(3)
        return TABLE


class Hint:
    text = "hint"


@errors.noted
def fit(x=SECOND, mode="fast"):
    if x > 3:
        raise UserError("too much")
    return helper(math.floor(Loop().run(x)))


--- errors
class UserError(Exception):
    code = 2

def noted(f):
    return f

--- late
def late(x):
    return x

def early(x):
    return x

--- shapes
def area(x):
    return _square(x)

def _square(x):
    return x * x

def perimeter(x):
    return 4 * x

def volume(x):
    return x ** 3

class Kind:
    ROUND = 1

--- metrics_
from pipeline.metrics.means import mean
from pipeline.metrics.means import median

def spread(x):
    return 1

--- metrics_means
def mean(x):
    return sum(x)

def median(x):
    return min(x)

--- metrics_others
def mean(x):
    return max(x)

--- deep_
import sys

sys.setrecursionlimit(LIMIT := 2000)

def shallow():
    return 0

--- deep_inner
def depth():
    return 2

--- patches
from pipeline import shapes

def patched(x):
    return 5

def spare(x):
    return 6

shapes.perimeter = patched

--- registry
TABLE = {}

def add(f):
    TABLE[f.__name__] = f
    return f

@add
def entry():
    return 1

def plain():
    return 2
'''

PACKAGE = dict(re.findall(r"--- (\w+)\n(.*?)(?=\n--- |\Z)", TEXTS, re.DOTALL))

CHANGES = [
    ("a function's body", "loop", "return x / 2", "return x / 4"),
    ("a constant", "loop", "RATE = 0.1", "RATE = 0.2"),
    ("a constant's type", "loop", 'mode="fast"', 'mode=b"fast"'),
    ("a name set in a tuple", "loop", "= 1, (2, 3)", "= 1, (4, 3)"),
    ("an annotated constant", "loop", "TOTAL: float = 0.0", "TOTAL: float = 3.0"),
    ("a constant's further statement", "loop", "TOTAL += 1.5", "TOTAL += 2.5"),
    ("the order of a constant's statements", "loop", "BETWEEN = TOTAL\nTOTAL += 1.5", "TOTAL += 1.5\nBETWEEN = TOTAL"),
    ("a name in a format's width", "loop", "{x:>{FIRST}}", "{x:>{SECOND}}"),
    ("the text of an f-string", "loop", "} of {", "} in {"),
    ("an f-string's conversion", "loop", "{x!r}", "{x!s}"),
    ("a default argument", "loop", "x=SECOND", "x=FIRST"),
    ("a base class", "loop", "return x + RATE", "return x - RATE"),
    ("a method that nothing calls", "loop", "range(3)", "range(4)"),
    ("a class in a field's annotation, as text", "loop", "size = 4", "size = 5"),
    ("a class in a field's annotation", "loop", 'name = "red"', 'name = "green"'),
    ("a field's annotation", "loop", "Width | None", "Width | int"),
    ("a class statement's keyword", "loop", 'name = "blue"', 'name = "green"'),
    ("what a name of another package is", "loop", "import math", "import cmath as math"),
    ("what a name of this package is", "loop", "import mean as average", "import median as average"),
    ("what the decorator is", "loop", "@errors.noted", "@math.noted"),
    ("a function imported inside a function", "late", "def late(x):\n    return x", "def late(x):\n    return -x"),
    ("a function through a module", "shapes", "return _square(x)", "return -_square(x)"),
    ("what that function calls", "shapes", "x * x", "x ** 2"),
    ("a class in a match statement", "shapes", "ROUND = 1", "ROUND = 2"),
    ("a function through a package", "metrics_means", "sum(x)", "sum(x) / 2"),
    ("where a package has a function from", "metrics_", "means import mean\n", "others import mean\n"),
    ("a function by its whole path", "deep_inner", "return 2", "return 4"),
    ("what runs in a package on the path", "deep_", "2000", "3000"),
    ("an assignment to another module's name", "patches", "shapes.perimeter = ", "shapes.area = "),
    ("what is assigned there", "patches", "return 5", "return 7"),
    ("a function noted down by a decorator", "registry", "return 1", "return 3"),
    ("a new statement that runs", "late", "def early", "print(1)\n\ndef early"),
    ("a new block that runs", "late", "def early", "if 1:\n    x = 2\n\ndef early"),
]
KEEPS = [
    ("an unused function", "loop", "return each\n", "return -each\n"),
    ("an unused constant", "loop", "range(5)", "range(6)"),
    ("a new function", "loop", "def unused", "def unused_too():\n    return RATE\n\n\ndef unused"),
    ("no unused function", "loop", "def unused(each):\n    return each\n", ""),
    ("a comment", "loop", "# a comment", "# another\n    # comment"),
    ("layout", "loop", "return x / 2, note", "return (\n        x / 2,\n\n        note\n    )"),
    ("a string's quotes", "loop", 'mode="fast"', "mode=u'fast'"),
    ("how an f-string is cut", "loop", 'of {x!r}"', 'o" f"f {x!r}"'),
    ("a function's docstring", "loop", '"""Halve."""', '"""Divide."""'),
    ("no docstring", "loop", '    """Halve."""\n', ""),
    ("the module's docstring", "loop", '"""Training."""', '"""Teaching."""'),
    ("the note under a field", "loop", '"""A note."""', '"""A remark."""'),
    ("an import for types", "loop", "nowhere import Nothing", "elsewhere import Nothing, All"),
    ("an import for types in a function", "loop", "nowhere import Something", "elsewhere import Something"),
    ("an argument's annotation", "loop", 'x: "Hint"', "x: int"),
    ("a result's annotation", "loop", '-> "Hint"', "-> int"),
    ("a local variable's annotation", "loop", "local: Hint", "local: int"),
    ("a class in such annotations only", "loop", 'text = "hint"', 'text = "clue"'),
    ("an unused import", "loop", "import math\n", "import math\nimport os\n"),
    ("functions in another order", "shapes", PACKAGE["shapes"], "\n\n".join(PACKAGE["shapes"].split("\n\n")[::-1])),
    ("another function of a module", "late", "def early(x):\n    return x", "def early(x):\n    return -x"),
    ("another function of a module used as such", "shapes", "x ** 3", "x ** 4"),
    ("another function of a package", "metrics_", "return 1", "return 2"),
    ("another re-export", "metrics_", "from pipeline.metrics.means import median\n", ""),
    ("a function that is re-exported but not used", "metrics_means", "min(x)", "max(x)"),
    ("a function of a package on the path", "deep_", "return 0", "return 1"),
    ("a function of a module imported for what it does", "patches", "return 6", "return 7"),
    ("a function that no decorator notes down", "registry", "return 2", "return 3"),
    ("a message", "errors", "code = 2", "code = 3"),
    ("a new module", "new", "", "def new():\n    return 1\n"),
    ("a syntax error in a module that nothing imports", "new", "", "def new(:\n"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new", "changes"),
    [pytest.param(*edit, True, id=f"changes: {what}") for what, *edit in CHANGES]
    + [pytest.param(*edit, False, id=f"keeps: {what}") for what, *edit in KEEPS],
)
def test_edits(tmp_path: Path, file: str, old: str, new: str, changes: bool) -> None:
    before = write(tmp_path, **PACKAGE).digest("pipeline.loop:fit")
    text = PACKAGE.get(file, "")
    assert not old or text.count(old) == 1
    after = write(tmp_path, **{file: text.replace(old, new) if old else new}).digest("pipeline.loop:fit")
    assert (before != after) == changes


def test_what_is_reached_is_told_by_name(tmp_path: Path) -> None:
    reached = write(tmp_path, **PACKAGE).reached("pipeline.loop:fit")
    assert reached == {
        "pipeline.deep": {"(import)", "LIMIT"},
        "pipeline.deep.inner": {"depth"},
        "pipeline.late": {"late"},
        "pipeline.loop": {"fit", "helper", "Loop", "Base", "Keyword", "Width", "Colour"}
        | {"RATE", "FIRST", "SECOND", "REST", "TOTAL", "BETWEEN"},
        "pipeline.metrics.means": {"mean"},
        "pipeline.patches": {"(import)", "patched"},
        "pipeline.registry": {"TABLE", "add", "entry"},
        "pipeline.shapes": {"area", "_square", "Kind", "perimeter"},
    }


def test_a_whole_module_is_a_root(make: Make) -> None:
    sources = make(a="from pipeline.b import g\n\ndef f(): pass\n\nX = 1\n", b="def g(): pass\n\ndef h(): pass\n")
    assert sources.reached("pipeline.a") == {"pipeline.a": {"f", "X"}, "pipeline.b": {"g"}}


def test_roots_add_up_in_any_order(make: Make) -> None:
    sources = make(a="def f(): pass\n\ndef g(): pass\n")
    both = sources.digest("pipeline.a:f", "pipeline.a:g")
    assert both == sources.digest("pipeline.a:g", "pipeline.a:f", "pipeline.a:f")
    assert len({both, sources.digest("pipeline.a:f"), sources.digest("pipeline.a:g"), sources.digest()}) == 4


# --- modules as values, and names looked up by text


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("from pipeline import b\n\ndef f(): return b.g()", False),
        ("from pipeline import b as other\n\ndef f(): return other.g()", False),
        ("import pipeline.b as other\n\ndef f(): return other.g.attribute.more", False),
        ("import pipeline.b\n\ndef f(): return pipeline.b.g()", False),
        ("def f():\n    from . import b\n    return b.g()", False),
        ("from .b import g\n\ndef f(): return g()", False),
        ("from pipeline import b\n\ndef f(): return use(b), b.g()", True),
        ("from pipeline import b\n\ndef f(): return getattr(b, 'g')()", True),
        ("from pipeline import b\n\ndef f(): return b.__dict__['g']()", True),
        ("import pipeline.b\n\ndef f(): return use(pipeline.b)", True),
        ("import pipeline.b\n\ndef f(): return use(pipeline)", True),
        ("def f():\n    import pipeline.b as other\n    return [other]", True),
        ("from pipeline.b import *\n\ndef f(): return g()", True),
        ("from pipeline import b\n\nALIAS = b\n\ndef f(): return ALIAS.g()", True),
    ],
)
def test_a_module_used_as_a_value_counts_whole(make: Make, text: str, whole: bool) -> None:
    reached = make(__init__="", a=text, b="def g(): pass\n\ndef h(): pass\n").reached("pipeline.a:f")
    assert reached["pipeline.b"] == ({"g", "h"} if whole else {"g"})


def test_a_whole_module_includes_what_it_re_exports(make: Make) -> None:
    sources = make(
        a="from pipeline import b\n\ndef f(): return vars(b)", b="from pipeline.c import g", c="def g(): pass"
    )
    assert sources.reached("pipeline.a:f")["pipeline.c"] == {"g"}


@pytest.mark.parametrize(
    ("expression", "whole"),
    [
        ("importlib.import_module(name)", True),
        ("load(name)", True),
        ("importlib.import_module(f'{__name__}.{name}').g", True),
        ("getattr(sys.modules[__name__], name)", True),
        ("__import__(name)", True),
        ("globals()[name]", True),
        ("sys.modules.get(name)", True),
        ("vars()[name]", True),
        ("eval(name)", True),
        ("exec(name)", True),
        ("name.eval()", False),
        ("name.modules()", False),
        ("getattr(name, 'h')", False),
        ("importlib.metadata.version(name)", False),
    ],
)
def test_a_module_that_looks_names_up_stays_whole(make: Make, expression: str, whole: bool) -> None:
    imports = "import sys\nimport importlib.metadata\nfrom importlib import import_module as load\n\n"
    text = f"{imports}def f(name):\n    return {expression}\n\ndef h():\n    return k()\n\ndef k():\n    return 1\n"
    sources = make(a=text, b="from pipeline.a import h\n\ndef f():\n    return h()\n")
    assert sources.reached("pipeline.a:f")["pipeline.a"] == ({"f", "h", "k"} if whole else {"f"})
    assert sources.reached("pipeline.b:f")["pipeline.a"] == {"h", "k"}  # neither of which looks names up


def test_a_definition_named_like_a_builtin_looks_nothing_up(make: Make) -> None:
    assert make(a="def vars(x): pass\n\ndef f(): vars(1)\n\ndef g(): pass").reached("pipeline.a:f") == {
        "pipeline.a": {"f", "vars"}
    }


# --- how names are found


@pytest.mark.parametrize(
    ("files", "module", "name"),
    [
        ({"b": "def g(): pass"}, "b", "g"),
        ({"b": "async def g(): pass"}, "b", "g"),
        ({"b": "class g: pass"}, "b", "g"),
        ({"b": "g: int"}, "b", "g"),
        ({"b": "h = [(g := each) for each in range(3)]"}, "b", "g"),
        ({"b": "if 1:\n    def g(): pass"}, "b", "g"),
        ({"b": "for g in range(3): pass"}, "b", "g"),
        ({"b": "with open('x') as (g, h): pass"}, "b", "g"),
        ({"b": "match 1:\n    case {'a': h, **g}: pass"}, "b", "g"),
        ({"b": "try:\n    from pipeline.nowhere import g\nexcept ImportError:\n    g = None"}, "b", "g"),
        ({"b": "try:\n    from pipeline.c import g\nexcept ImportError:\n    g = None", "c": "g = 1"}, "c", "g"),
        ({"b": "from typing import TYPE_CHECKING\nif TYPE_CHECKING: pass\nelse:\n    g = 1"}, "b", "g"),
        ({"b": "from pipeline.c import h as g", "c": "def h(): pass"}, "c", "h"),
        ({"b_": "from pipeline.b.c import g", "b_c": "def g(): pass"}, "b.c", "g"),
        ({"b_": "from .c import g", "b_c": "def g(): pass"}, "b.c", "g"),
        ({"b_c_": "", "b_c_d": "from ..e import g", "b_": "from .c.d import g", "b_e": "g = 1"}, "b.e", "g"),
        ({"b_": "", "b_g": "def h(): pass"}, "b.g", "h"),
        ({"b_g": "def h(): pass"}, "b.g", "h"),
        ({"b_": "from pipeline.b import g", "b_g": "def h(): pass"}, "b.g", "h"),
        ({"b_": "def g(): pass", "b_g": "def h(): pass"}, "b.g", "h"),
        ({"b_": "def g(): pass", "b_g": "def h(): pass"}, "b", "g"),
        ({"b": "import pipeline.c as g", "c": "def h(): pass"}, "c", "h"),
        ({"b": "from pipeline.c import *", "c": "def g(): pass"}, "c", "g"),
        ({"b": "from pipeline.c import *", "c": "from pipeline.b import *\ng = 1"}, "c", "g"),
        ({"b": "def __getattr__(name): return h\n\ndef h(): pass"}, "b", "h"),
    ],
)
def test_an_imported_name_is_found_where_it_is_bound(make: Make, files: dict[str, str], module: str, name: str) -> None:
    sources = make(a="from pipeline.b import g\n\ndef f(): return g", **files)
    assert name in sources.reached("pipeline.a:f")[f"pipeline.{module}"]


def test_a_name_of_another_package_is_followed_to_it(make: Make) -> None:
    a = "from pipeline.b import nn\n\ndef f(): return nn.Linear"
    assert make(a=a, b="from torch import nn").digest("pipeline.a:f") != make(b="from jax import nn").digest(
        "pipeline.a:f"
    )


def test_annotations_count_where_a_decorator_may_read_them(make: Make) -> None:
    a = "import torch\n\ndef f():\n    @torch.dispatch\n    def inside(x: Kind) -> 'Kind | Other': pass\n\n"
    sources = make(a=f"{a}class Kind: pass\n\nclass Other: pass")
    assert sources.reached("pipeline.a:f") == {"pipeline.a": {"f", "Kind", "Other"}}


def test_names_swapped_on_import_are_a_change(make: Make) -> None:
    b, f = "def g(): return 1\n\ndef h(): return 2\n", "\n\ndef f(): return g(), 2 * h()\n"
    before = make(b=b, a=f"from pipeline.b import g, h{f}").digest("pipeline.a:f")
    assert make(b=b, a=f"from pipeline.b import g as h, h as g{f}").digest("pipeline.a:f") != before


def test_a_package_on_the_path_of_a_root_counts_by_what_it_does(make: Make) -> None:
    sources = make(b_="from pipeline.c import g\n\ng()\n\ndef h(): pass", b_a="def f(): pass", c="def g(): pass")
    assert sources.reached("pipeline.b.a:f") == {"pipeline.b": {"(import)"}, "pipeline.b.a": {"f"}, "pipeline.c": {"g"}}


def test_modules_are_files_and_folders(make: Make) -> None:
    sources = make(b_="", b_c="", d_e="")
    assert sources.files.keys() == {f"pipeline{name}" for name in ("", ".b", ".b.c", ".d", ".d.e")}


def test_modules_left_out_are_chosen(make: Make, tmp_path: Path) -> None:
    sources = make(a="from pipeline.b import g\n\ndef f(): return g()", b="def g(): pass\n\nprint()")
    assert sources.reached("pipeline.a:f")["pipeline.b"] == {"g", "(import)"}
    without = Sources(tmp_path / "pipeline", left_out=frozenset({"pipeline.b"}))
    assert without.reached("pipeline.a:f") == {"pipeline.a": {"f"}}


# --- what is refused, by one line that names the file


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("from pipeline.b import h\n\ndef f(): return h()", r"a\.py line 1: there is no 'h' in pipeline\.b"),
        ("from pipeline.c import g\n\ndef f(): return 1", r"a\.py line 1: there is no module pipeline\.c"),
        ("import pipeline.c\n\ndef f(): return 1", r"a\.py line 1: there is no module pipeline\.c"),
        ("from pipeline import c\n\ndef f(): return c.g()", r"a\.py line 1: there is no 'c' in pipeline"),
        ("def f():\n    from pipeline.b import h\n    return h()", r"a\.py line 2: there is no 'h' in pipeline\.b"),
        ("from pipeline.d import g\n\ndef f(): return g", r"a\.py line 1: there is no 'g' in pipeline\.d"),
        ("def g(): pass", r"there is no code 'pipeline\.a:f'"),
        ("def f(): pass\n\ndef g(:", r"a\.py line 3: not valid Python"),
        ("def f(): pass\0", r"a\.py.*: not valid Python"),
    ],
)
def test_what_cannot_be_found_is_refused(make: Make, text: str, message: str) -> None:
    sources = make(a=text, b="def g(): pass", d="from pipeline.e import g", e="from pipeline.d import g")
    with pytest.raises(UserError, match=message):
        sources.digest("pipeline.a:f")


def test_a_root_that_is_no_module_is_refused(make: Make) -> None:
    with pytest.raises(UserError, match=r"there is no code 'pipeline\.loup'; did you mean 'pipeline\.loop'"):
        make(loop="").digest("pipeline.loup")


@pytest.mark.parametrize("handler", ["except ImportError:", "except (OSError, ModuleNotFoundError):", "except:"])
def test_an_import_that_may_fail_is_not_refused(make: Make, handler: str) -> None:
    text = f"def f():\n    try:\n        from pipeline.b import g\n    {handler}\n        g = None\n    return g"
    before = make(a=text).digest("pipeline.a:f")
    assert make(b="def g(): pass").digest("pipeline.a:f") != before


@pytest.mark.parametrize("test", ["TYPE_CHECKING", "typing.TYPE_CHECKING"])
def test_an_import_for_types_may_lead_nowhere(make: Make, test: str) -> None:
    a = f"if {test}:\n    from pipeline.nowhere import g\n\ndef f(x: g): return g"
    assert make(a=a).reached("pipeline.a:f") == {"pipeline.a": {"f"}}


def test_an_import_in_a_handler_may_not_fail(make: Make) -> None:
    text = "def f():\n    try:\n        pass\n    except ImportError:\n        from pipeline.b import g\n    return g"
    with pytest.raises(UserError, match="there is no module"):
        make(a=text).digest("pipeline.a:f")


# --- any package


@st.composite
def packages(draw: st.DrawFn) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Functions f0, f1 ... that call one another, and the module (m0, m1, m2) that each stands in."""
    names = [f"f{number}" for number in range(draw(st.integers(2, 9)))]
    calls = {name: draw(st.lists(st.sampled_from(names), max_size=3)) for name in names}
    return calls, {name: draw(st.sampled_from(["m0", "m1", "m2"])) for name in names}


def source(
    calls: dict[str, list[str]], places: dict[str, str], module: str, order: list[str], changed: str = ""
) -> str:
    """A module: imports in three spellings, then its functions in an order, one of them changed."""
    imports, functions = set(), []
    for name in (name for name in order if places[name] == module):
        lines = [f"def {name}(x):", f"    x += {2 if name == changed else 1}"]
        for place, called in enumerate(calls[name]):
            there = places[called]
            if there == module:
                lines.append(f"    x += {called}(x)")
            elif place == 0:
                imports.add(f"from pipeline.{there} import {called}")
                lines.append(f"    x += {called}(x)")
            elif place == 1:
                imports.add(f"from pipeline import {there}")
                lines.append(f"    x += {there}.{called}(x)")
            else:
                lines += [f"    from pipeline.{there} import {called} as called", "    x += called(x)"]
        functions.append("\n".join([*lines, "    return x", ""]))
    return "\n".join([*sorted(imports), "", *functions])


def closure(calls: dict[str, list[str]], root: str) -> set[str]:
    found, waiting = set(), [root]
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += calls[name]
    return found


@settings(max_examples=60, deadline=None)
@given(package=packages(), data=st.data())
def test_a_function_counts_where_a_chain_of_calls_leads_to_it(package: tuple, data: st.DataObject) -> None:
    calls, places = package
    names = list(calls)
    root = f"pipeline.{places['f0']}:f0"

    def digest(order: list[str], changed: str = "") -> tuple[str, set[str]]:
        with tempfile.TemporaryDirectory() as folder:
            modules = {module: source(calls, places, module, order, changed) for module in ("m0", "m1", "m2")}
            sources = write(Path(folder), **modules)
            return sources.digest(root), set().union(*sources.reached(root).values())

    before, reached = digest(names)
    assert reached == closure(calls, "f0")
    assert digest(data.draw(st.permutations(names), "order"))[0] == before
    changed = data.draw(st.sampled_from(names), "changed")
    assert (digest(names, changed)[0] != before) == (changed in reached)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_layout_comments_and_docstrings_change_nothing(data: st.DataObject) -> None:
    """Lines put between those of a real text: blank ones, comments, and texts where statements may stand."""
    lines = []
    for line in PACKAGE["loop"].split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        may_hold_text = line.startswith(("def", "class", "RATE", "    def")) and not lines[-1].lstrip().startswith("@")
        kinds = ["", "", "", "\n", f"{indent}# so", *([f'{indent}"""So."""'] if may_hold_text else [])]
        lines += [part for part in [data.draw(st.sampled_from(kinds))] if part]
        lines.append(line + data.draw(st.sampled_from(["", "  ", "  # so"])) * bool(line))
    with tempfile.TemporaryDirectory() as folder:
        before = write(Path(folder), **PACKAGE).digest("pipeline.loop:fit")
        assert write(Path(folder), loop="\n".join(lines)).digest("pipeline.loop:fit") == before


TRICKY = r"""
import math, os.path
from sys import path, argv


def f(x, /, y: int = 3, *a, z=-1.5e400j, **k) -> "T":
    a = f"" + f"{x:}" f"{x!r:>{y}.{z}}" "tail" f"{y=}" f'{ z = }' + f"{{}} {x:%Y-%m}" + rf"\d{x}\w"
    a += u"\U0001fae8 \N{BULLET} é" + b"\0" + 0x1F + 1_000 + 1e-7 + True + None + ...
    match a:
        case {"a": 1, **rest} | [1, *rest] | math.Foo(x=2):
            return rest, os.path, path, argv
    try:
        pass
    except* ValueError:
        return lambda: {**a, "b": {*k}}
    return [each for each in a if (b := each)], a[1:2, ...], not a, a if b else ()
"""


def test_the_digest_is_the_same_with_every_python_version(make: Make) -> None:
    """Whoever changes this number has every run of every study trained again; so would a Python that changes it."""
    assert make(a=TRICKY).digest("pipeline.a:f") == "85d3d5611208b7e7c01987ea7b3361700218873d28cf6231b3d99ff9d14b19d7"


# --- this package

PACKAGE_FOLDER = identity.PROJECT.folder


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("identity") / "pipeline"
    return Path(shutil.copytree(PACKAGE_FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__")))


def methods(folder: Path) -> dict[str, str]:
    """Method -> the digest of the class that its file has a paper for."""
    sources, found = Sources(folder), {}
    for path in sorted((folder / "methods").glob("*/[!_]*.py")):
        classes = [node for node in sources.tree(path).body if isinstance(node, ast.ClassDef)]
        (name,) = (node.name for node in classes if re.search("^ +paper = ", ast.unparse(node), re.MULTILINE))
        found[path.stem] = sources.digest(f"pipeline.methods.{path.parent.name}.{path.stem}:{name}")
    return found


@pytest.fixture(scope="module")
def before(copy: Path) -> dict[str, str]:
    return methods(copy)


@pytest.fixture
def changed(copy: Path, before: dict[str, str]) -> Iterator[Callable[[str, str, str], set[str]]]:
    """Methods whose digest an edit changes. The edit is taken back afterwards."""
    texts: dict[Path, str] = {}

    def edit(file: str, old: str, new: str) -> set[str]:
        path = copy / file
        texts[path] = path.read_text(encoding="utf-8")
        assert old in texts[path]
        path.write_text(texts[path].replace(old, new, 1), encoding="utf-8")
        after = methods(copy)
        return {key for key in before if before[key] != after[key]}

    yield edit
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")


Changed = Callable[[str, str, str], set[str]]


def test_an_unused_function_in_a_shared_op_changes_no_method(changed: Changed) -> None:
    assert changed("ops/heads.py", "class ", "def spare(x):\n    return RELU\n\n\nclass ") == set()


def test_an_edit_of_a_method_changes_it_and_what_is_derived_from_it(changed: Changed) -> None:
    assert changed("methods/joint_embedding/dcl.py", ".mean()", ".sum()") == {"dcl", "dclw"}


def test_an_edit_of_an_op_changes_its_users(changed: Changed, copy: Path) -> None:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (copy / "methods").glob("*/[!_]*.py")}
    users = {name for name, text in texts.items() if "pipeline.ops.codes" in text}
    derived = {name for name, text in texts.items() for user in users if f".{user} import" in text}
    edited = changed("ops/codes.py", " / 2", " / 3")
    assert users and users <= edited <= users | derived


def test_an_edit_of_the_contract_changes_every_method(changed: Changed, before: dict[str, str]) -> None:
    assert changed("contract.py", "return loss.detach()", "return loss") == set(before)


def test_every_module_of_the_package_can_be_read() -> None:
    """No import of this package leads nowhere, and no name that is imported is missing."""
    sources = identity.PROJECT
    assert all(sources.digest(module) for module in sources.files)


def test_what_a_class_requires_at_planning_changes_nothing(make: Make) -> None:
    def digest(requires: str, more: str = "") -> str:
        body = f"class Method:\n    size = 4\n{requires}\n    def loss(self):\n        {more}return requires\n"
        return make(method=f"requires = 1\n{body}").digest("pipeline.method:Method")

    plain = digest("")
    assert digest('    requires = ("size > 3",)') == digest('    requires: tuple = ("size > 3",)') == plain
    assert digest("    required = 1") != plain
    assert digest("", "requires = 2; ") != plain  # only a class's own
