"""Which edits change the digest of what roots reach, and which do not: on small packages, and on this one."""

import ast
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


def write(folder: Path, files: dict[str, str]) -> Sources:
    for name, text in files.items():
        path = folder / "pipeline" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Sources(folder / "pipeline")


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Sources of a package with these files, `.py` left out and `/` written as `__`: make(loop="...", a__b="...")."""
    return lambda **files: write(tmp_path, {f"{name.replace('__', '/')}.py": text for name, text in files.items()})


# --- a package with a case of each rule, and edits of it

LOOP = '''
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
    note = f"{x:>{FIRST}} of {x!r}"
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
                return [power for power in range(3)]
        return TABLE


class Hint:
    text = "hint"


@errors.noted
def fit(x=SECOND, mode="fast"):
    if x > 3:
        raise UserError("too much")
    return helper(math.floor(Loop().run(x)))
'''

PACKAGE = {
    "__init__.py": "",
    "loop.py": LOOP,
    "errors.py": "class UserError(Exception):\n    code = 2\n\ndef noted(f):\n    return f\n",
    "late.py": "def late(x):\n    return x\n\ndef early(x):\n    return x\n",
    "shapes.py": "def area(x):\n    return _square(x)\n\ndef _square(x):\n    return x * x\n\n"
    "def perimeter(x):\n    return 4 * x\n\nclass Kind:\n    ROUND = 1\n\ndef power(x):\n    return 7\n",
    "metrics/__init__.py": "from pipeline.metrics.means import mean\nfrom pipeline.metrics.means import median\n\n"
    "def spread(x):\n    return 1\n",
    "metrics/means.py": "def mean(x):\n    return sum(x)\n\ndef median(x):\n    return min(x)\n",
    "metrics/others.py": "def mean(x):\n    return max(x)\n",
    "deep/__init__.py": "import sys\n\nsys.setrecursionlimit(LIMIT := 2000)\n\ndef shallow():\n    return 0\n",
    "deep/inner.py": "def depth():\n    return 2\n\ndef height():\n    return 3\n",
    "patches.py": "from pipeline import shapes\n\ndef patched(x):\n    return 5\n\ndef spare(x):\n    return 6\n\n"
    "shapes.perimeter = patched\n",
    "registry.py": "TABLE = {}\n\ndef add(f):\n    TABLE[f.__name__] = f\n    return f\n\n"
    "@add\ndef entry():\n    return 1\n\ndef plain():\n    return 2\n",
}

CHANGES = [
    ("a function's body", "loop.py", "return x / 2", "return x / 4"),
    ("a constant", "loop.py", "RATE = 0.1", "RATE = 0.2"),
    ("a constant's type", "loop.py", "mode=\"fast\"", "mode=b\"fast\""),
    ("a name set in a tuple", "loop.py", "= 1, (2, 3)", "= 1, (4, 3)"),
    ("an annotated constant", "loop.py", "TOTAL: float = 0.0", "TOTAL: float = 3.0"),
    ("a constant's further statement", "loop.py", "TOTAL += 1.5", "TOTAL += 2.5"),
    ("the order of a constant's statements", "loop.py", "BETWEEN = TOTAL\nTOTAL += 1.5", "TOTAL += 1.5\nBETWEEN = TOTAL"),
    ("a name in a format's width", "loop.py", "{x:>{FIRST}}", "{x:>{SECOND}}"),
    ("the text of an f-string", "loop.py", "} of {", "} in {"),
    ("an f-string's conversion", "loop.py", "{x!r}", "{x!s}"),
    ("a default argument", "loop.py", "x=SECOND", "x=FIRST"),
    ("a base class", "loop.py", "return x + RATE", "return x - RATE"),
    ("a method that nothing calls", "loop.py", "range(3)", "range(4)"),
    ("a class in a field's annotation, as text", "loop.py", "size = 4", "size = 5"),
    ("a class in a field's annotation", "loop.py", 'name = "red"', 'name = "green"'),
    ("a field's annotation", "loop.py", "Width | None", "Width | int"),
    ("a class statement's keyword", "loop.py", 'name = "blue"', 'name = "green"'),
    ("what a name of another package is", "loop.py", "import math", "import cmath as math"),
    ("what a name of this package is", "loop.py", "import mean as average", "import median as average"),
    ("what the decorator is", "loop.py", "@errors.noted", "@math.noted"),
    ("a function imported inside a function", "late.py", "def late(x):\n    return x", "def late(x):\n    return -x"),
    ("a function through a module", "shapes.py", "return _square(x)", "return -_square(x)"),
    ("what that function calls", "shapes.py", "x * x", "x ** 2"),
    ("a class in a match statement", "shapes.py", "ROUND = 1", "ROUND = 2"),
    ("a function through a package", "metrics/means.py", "sum(x)", "sum(x) / 2"),
    ("where a package has a function from", "metrics/__init__.py", "means import mean\n", "others import mean\n"),
    ("a function by its whole path", "deep/inner.py", "return 2", "return 4"),
    ("what runs in a package on the path", "deep/__init__.py", "2000", "3000"),
    ("an assignment to another module's name", "patches.py", "shapes.perimeter = ", "shapes.area = "),
    ("what is assigned there", "patches.py", "return 5", "return 7"),
    ("a function noted down by a decorator", "registry.py", "return 1", "return 3"),
    ("a new statement that runs", "late.py", "def early", "print(1)\n\ndef early"),
    ("a new block that runs", "late.py", "def early", "if 1:\n    x = 2\n\ndef early"),
]
KEEPS = [
    ("an unused function", "loop.py", "return each\n", "return -each\n"),
    ("an unused constant", "loop.py", "range(5)", "range(6)"),
    ("a new function", "loop.py", "def unused", "def unused_too():\n    return RATE\n\n\ndef unused"),
    ("no unused function", "loop.py", "def unused(each):\n    return each\n", ""),
    ("a comment", "loop.py", "# a comment", "# another\n    # comment"),
    ("layout", "loop.py", "return x / 2, note", "return (\n        x / 2,\n\n        note\n    )"),
    ("a string's quotes", "loop.py", 'mode="fast"', "mode=u'fast'"),
    ("how an f-string is cut", "loop.py", 'of {x!r}"', 'o" f"f {x!r}"'),
    ("a function's docstring", "loop.py", '"""Halve."""', '"""Divide."""'),
    ("no docstring", "loop.py", '    """Halve."""\n', ""),
    ("the module's docstring", "loop.py", '"""Training."""', '"""Teaching."""'),
    ("the note under a field", "loop.py", '"""A note."""', '"""A remark."""'),
    ("an import for types", "loop.py", "nowhere import Nothing", "elsewhere import Nothing, All"),
    ("an import for types in a function", "loop.py", "nowhere import Something", "elsewhere import Something"),
    ("an argument's annotation", "loop.py", 'x: "Hint"', "x: int"),
    ("a result's annotation", "loop.py", '-> "Hint"', "-> int"),
    ("a local variable's annotation", "loop.py", "local: Hint", "local: int"),
    ("a class in such annotations only", "loop.py", 'text = "hint"', 'text = "clue"'),
    ("an unused import", "loop.py", "import math\n", "import math\nimport os\n"),
    ("functions in another order", "shapes.py", "def area(x):\n    return _square(x)\n\ndef _square(x):\n    return x * x\n",
     "def _square(x):\n    return x * x\n\ndef area(x):\n    return _square(x)\n"),
    ("another function of a module", "late.py", "def early(x):\n    return x", "def early(x):\n    return -x"),
    ("another function of a module used as such", "shapes.py", "4 * x", "2 * x"),
    ("a function named as a comprehension's variable, elsewhere", "shapes.py", "return 7", "return 8"),
    ("another function of a package", "metrics/__init__.py", "return 1", "return 2"),
    ("another re-export", "metrics/__init__.py", "from pipeline.metrics.means import median\n", ""),
    ("a function that is re-exported but not used", "metrics/means.py", "min(x)", "max(x)"),
    ("a function of a package on the path", "deep/__init__.py", "return 0", "return 1"),
    ("a function of a module imported for what it does", "patches.py", "return 6", "return 7"),
    ("a function that no decorator notes down", "registry.py", "return 2", "return 3"),
    ("a message", "errors.py", "code = 2", "code = 3"),
    ("a new module", "new.py", "", "def new():\n    return 1\n"),
    ("a syntax error in a module that nothing imports", "new.py", "", "def new(:\n"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new", "changes"),
    [pytest.param(*edit, True, id=f"changes: {what}") for what, *edit in CHANGES]
    + [pytest.param(*edit, False, id=f"keeps: {what}") for what, *edit in KEEPS],
)
def test_edits(tmp_path: Path, file: str, old: str, new: str, changes: bool) -> None:
    before = write(tmp_path, PACKAGE).digest("pipeline.loop:fit")
    text = PACKAGE.get(file, "")
    assert not old or text.count(old) == 1
    edited = text.replace(old, new) if old else new
    ast.parse(edited) if "syntax" not in str(new) and "(:" not in new else None
    after = write(tmp_path, {file: edited}).digest("pipeline.loop:fit")
    assert (before != after) == changes


def test_what_is_reached_is_told_by_name(tmp_path: Path) -> None:
    reached = write(tmp_path, PACKAGE).reached("pipeline.loop:fit")
    assert reached == {
        "pipeline.deep": {"(import)"},
        "pipeline.deep.inner": {"depth"},
        "pipeline.late": {"late"},
        "pipeline.loop": {
            *("fit", "helper", "Loop", "Base", "Keyword", "Width", "Colour"),
            *("RATE", "FIRST", "SECOND", "TOTAL", "BETWEEN"),
        } - {"BETWEEN"},
        "pipeline.metrics.means": {"mean"},
        "pipeline.patches": {"(import)", "patched"},
        "pipeline.registry": {"TABLE", "add", "entry"},
        "pipeline.shapes": {"area", "_square", "Kind", "perimeter"},
    }  # fmt: skip


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
    sources = make(a="from pipeline import b\n\ndef f(): return vars(b)", b="from pipeline.c import g", c="def g(): pass")
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
    "files",
    [
        {"b__init__": "from pipeline.b.c import g", "b__c": "def g(): pass"},
        {"b__init__": "from pipeline.b import c\nfrom pipeline.d import g", "b__c": "", "d": "def g(): pass"},
        {"b": "from pipeline.c import *", "c": "def g(): pass"},
        {"b": "from pipeline.c import *", "c": "from pipeline.d import *", "d": "from pipeline.b import *\ng = 1"},
        {"b": "import pipeline.c as g", "c": "def h(): pass"},
        {"b__g": "def h(): pass"},
        {"b": "def __getattr__(name): return 1"},
        {"b": "from torch import nn as g"},
        {"b": "if 1:\n    def g(): pass"},
        {"b": "try:\n    from pipeline.nowhere import g\nexcept ImportError:\n    g = None"},
        {"b": "for g in range(3): pass"},
        {"b": "with open('x') as (g, h): pass"},
        {"b": "match 1:\n    case {'a': x, **g}: pass"},
        {"b": "x = [(g := y) for y in range(3)]"},
        {"b": "g: int"},
        {"b": "class g: pass"},
        {"b": "async def g(): pass"},
    ],
)
def test_names_are_found_wherever_they_are_bound(make: Make, files: dict[str, str]) -> None:
    files = {name.replace("b__init__", "b____init__"): text for name, text in files.items()}
    sources = make(**files, a="from pipeline.b import g\n\ndef f(): return g", edited="")
    before = sources.digest("pipeline.a:f")
    for name in list(files):
        if "nn" in files[name]:
            assert make(**{name: files[name].replace(" nn ", " optim ")}).digest("pipeline.a:f") != before
        elif "g" in files[name].replace("range", "").replace("import", "") and "*" not in files[name]:
            assert sources.reached("pipeline.a:f")


def test_two_names_swapped_on_import_are_a_change(make: Make) -> None:
    b = "def g(): return 1\n\ndef h(): return 2\n"
    f = "\n\ndef f(): return g(), 2 * h()\n"
    before = make(b=b, a=f"from pipeline.b import g, h{f}").digest("pipeline.a:f")
    assert make(b=b, a=f"from pipeline.b import g as h, h as g{f}").digest("pipeline.a:f") != before
