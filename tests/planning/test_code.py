"""What is read of methods and protocols without running them, and methods' files that are faulty."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import lookup, protocols
from pipeline.errors import UserError
from pipeline.planning import code
from tests.kit import project

PAPER = "from pipeline.methods.classifier import Classifier\nclass A(Classifier):\n    paper = ''\n"


@pytest.fixture
def methods(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The folder of methods in a copy of the sources, which is read in place of this project's own."""
    caches = (code.method, code.method_modules, code.tree)
    folder = project.make(tmp_path, code=True)
    monkeypatch.setattr(code, "PACKAGE", folder / "pipeline")
    for cache in caches:
        cache.cache_clear()
    yield folder / "pipeline/methods"
    for cache in caches:
        cache.cache_clear()


@pytest.mark.parametrize(
    ("file", "text", "parts"),
    [
        ("margin_softmax/max_sup.py", '"""Again."""', ["'max_sup'", "classifier.max_sup", "margin_softmax.max_sup"]),
        ("classifier/broken.py", "class Broken(Classifier:\n    pass", ["broken.py line 1", "not valid Python"]),
        ("classifier/broken.py", '"""Nothing."""', ["broken.py", "`paper`", "found 0"]),
        (
            "classifier/broken.py",
            "from pipeline.contract import Method\nclass A(Method):\n    paper = ''\n",
            ["broken.py", "class A", "`kind`"],
        ),
        (
            "classifier/broken.py",
            f"{PAPER}    s: float = setting(2.0, low=0.0, high=1.0)\n",
            ["broken.py", "default of setting s = 2.0", "from 0 to 1"],
        ),
        ("classifier/broken.py", f"{PAPER}    s: float = setting(X)\n", ["broken.py", "setting s", "literal"]),
        (
            "classifier/broken.py",
            f"{PAPER}    s: list = setting([])\n",
            ["broken.py", "setting s", "int, float, bool or str"],
        ),
    ],
    ids=["twice", "syntax", "no class", "no kind", "default", "not literal", "type"],
)
def test_a_faulty_methods_file_is_one_line(methods: Path, file: str, text: str, parts: list[str]) -> None:
    path = methods / file
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        code.method(path.stem)
    assert len(str(caught.value).splitlines()) == 1
    assert all(part in str(caught.value) for part in parts), caught.value


def test_settings_are_inherited_and_may_have_another_default(methods: Path) -> None:
    (methods / "classifier/first.py").write_text(
        f'"""One."""\n{PAPER}    s: float = setting(0.5, unit="nats", low=0.0)\n', encoding="utf-8"
    )
    second = (
        "from pipeline.methods.classifier.first import A\nclass B(A):\n    paper = 'p'\n    s = 2\n    trains = False\n"
    )
    (methods / "classifier/second.py").write_text(f'"""Two."""\n{second}', encoding="utf-8")
    first, second = code.method("first"), code.method("second")
    assert (first.settings["s"].default, second.settings["s"].default) == (0.5, 2.0)
    assert (second.settings["s"].unit, second.settings["s"].low, second.kind) == ("nats", 0.0, "classifier")
    assert (second.name, second.family, second.paper, second.title) == ("B", "classifier", "p", "Two.")
    assert first.trains and not second.trains
    assert second.resolve({"s": 1}, "here")["s"] == 1.0
    with pytest.raises(UserError, match=r"here: second.s = -1.0: expected float from 0 to inf"):
        second.resolve({"s": -1}, "here")


@pytest.mark.parametrize("name", protocols.known())
def test_what_is_read_of_a_protocol_is_what_it_has(name: str) -> None:
    run = lookup.module(f"protocols.{name}.run")
    has = {part for part in dir(run.Evidence) if part[0] != "_"}
    assert code.evidence(name) <= has
    assert {part for part in has if isinstance(getattr(run.Evidence, part), property)} <= code.evidence(name)
    needed = {"prepare", "phases", "Evidence"} if protocols.reads_data(name) else {"Evidence"}
    assert needed <= code.defines(run.__name__)
    assert ("watch" in code.defines(run.__name__)) == hasattr(run, "watch")


@pytest.mark.parametrize("key", ["simclr", "scone", "cosface", "fine_tuning"])
def test_what_is_read_of_a_method_is_what_its_class_has(key: str) -> None:
    info = code.method(key)
    made = getattr(lookup.module(info.module.removeprefix("pipeline.")), info.name)
    assert (info.paper, info.kind, info.trains, info.builds_on) == (made.paper, made.kind, made.trains, made.builds_on)
    assert info.streams == tuple(made.streams)
    assert {name: setting.default for name, setting in info.settings.items()} == {
        name: getattr(made, name) for name in info.settings
    }
