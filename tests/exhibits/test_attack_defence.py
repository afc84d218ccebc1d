"""The heat map: who stands where, which numbers are bold, what is left out."""

from types import SimpleNamespace
from typing import Any

from pipeline.exhibits.figures import _style, attack_defence
from pipeline.planning import load
from tests.kit import project

LEFT = {
    ("default", "pgd"): 52.0,
    ("default", "pma"): 48.0,
    ("default", "fgsm"): 40.0,
    ("undefended", "pgd"): 3.0,
    ("undefended", "pma"): 0.0,
    ("undefended", "fgsm"): 9.0,
    ("margin_alone", "pma"): 1.0,
}


def fake(left: dict[tuple[str, str], float]) -> Any:
    cells = {
        place: SimpleNamespace(metrics=["left"], estimate=lambda _, v=value: SimpleNamespace(mean=v))
        for place, value in left.items()
    }
    return SimpleNamespace(cells=cells, study=load.study(project.HERE, "attacks", "laptop"))


def test_rows_and_columns_are_sorted_by_strength_and_the_strongest_is_bold() -> None:
    with _style.applied("x"):
        axis = attack_defence.draw(fake(LEFT)).axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["pgd", "fgsm", "pma"]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["pgd\nat", "cross\nentropy"]
    shown = {text.get_position(): (text.get_text(), text.get_weight()) for text in axis.texts}
    assert shown[0, 2] == ("48.0", "bold") and shown[1, 2] == ("0.0", "bold")
    assert shown[0, 1] == ("40.0", "normal")  # a reference, though lower
    assert len(shown) == 6  # another setting of an attack has no place of its own


def test_without_runs_it_says_so() -> None:
    with _style.applied("x"):
        figure = attack_defence.draw(fake({}))
    assert not figure.axes and figure.texts[0].get_text()
    assert attack_defence.caption(fake({}).study).endswith(".")
