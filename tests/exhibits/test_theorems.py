"""A study of theorems from its plan to its table: what was predicted, what was measured, and the control beside it."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.commands import stages
from pipeline.errors import UserError
from pipeline.exhibits import claims, figures, labels, tables
from pipeline.exhibits.cells import Results
from pipeline.exhibits.tables import theorems
from pipeline.planning import load as planning
from pipeline.planning import papers
from tests.kit import project

STUDY = "bias"
BUDGET = {"smoke": {"repetitions": 5}}
VARIANTS = {"default": {}, "even": {"settings": {"symmetric": True}}}
SHARED = {"study": STUDY, "better": "clipping_bias"}
RATE = {
    "id": "rate",
    "statement": "It falls as 1/c.",
    "test": {**SHARED, "metric": "exponent", "equals": -1.0, "within": 0.01},
}
SIZE = {
    "id": "size",
    "statement": "It is there.",
    "test": {**SHARED, "metric": "level", "than": 0.2, "direction": "higher"},
}
EVEN = {"id": "even", "statement": "Even noise leaves none.", "control_of": "size",
        "test": {**SHARED, "metric": "level", "variant": "even", "equals": 0.0, "within": 0.001}}  # fmt: skip


def study(**changes: Any) -> dict[str, Any]:
    return {"title": "Bias", "protocol": "theory", "further_metrics": ["exponent", "level"], "budget": BUDGET,
            "variants": VARIANTS, "methods": ["clipping_bias"], **changes}  # fmt: skip


def make(folder: Path, *stated: dict[str, Any], **changes: Any) -> Path:
    """A project with the one study, and the paper's claims on it."""
    project.make(folder)
    for path in (folder / "studies").glob("*.yaml"):
        path.unlink()
    project.write(folder / f"studies/{STUDY}.yaml", study(**changes))
    project.write(folder / "params.yaml", {"tier": "smoke", "studies": [STUDY]})
    project.edit(folder / "papers/label_smoothing.yaml", claims=[])
    project.edit(folder / "papers/clipping_bias.yaml", claims=list(stated))
    return folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(make(tmp_path / "project", RATE, SIZE, EVEN))
    plan = planning.load()
    for run in plan.runs:
        stages.evaluate(run, plan, Path())
    return tmp_path / "project"


def test_claims_are_judged_by_whether_the_interval_is_near_enough(folder: Path) -> None:
    found = claims.judge(planning.load(), papers.load())
    assert {each.claim.id: each.verdict for each in found} == dict.fromkeys(("rate", "size", "even"), "supported")
    wrong = make(folder.parent / "wrong", RATE | {"test": RATE["test"] | {"equals": -0.9}})
    (contradicted,) = claims.judge(planning.load(), papers.load(wrong))
    assert contradicted.verdict == "contradicted", "a wrong exponent is seen"
    assert contradicted.effect is not None and contradicted.effect.mean == pytest.approx(-0.1, abs=1e-3)
    assert contradicted.q_value == 0.0


def test_a_row_is_a_theorem_with_its_control(folder: Path) -> None:
    results = Results(planning.load(), STUDY)
    table = tables.of(results, claims.judge(results.plan, papers.load()))
    (block,) = table.blocks
    assert block.data == "clipping_bias (2020)" and table.subject == "Theorem"
    assert [row.method for row in block.rows] == ["It falls as 1/c.", "It is there."]
    rate, size = (dict(zip(theorems.FACTS, row.facts, strict=True)) for row in block.rows)
    assert (rate["predicted"], rate["measured"], rate["control"]) == ("= −1 ± 0.01", "−1 [−1, −1]", "–")
    assert (size["predicted"], size["measured"], size["verdict"]) == ("≥ 0.2", "0.25 [0.25, 0.25]", "supported")
    assert size["control"] == "Even noise leaves none. 0 [0, 0], = 0 ± 0.001: supported"


def test_the_files_are_written_as_of_any_study(folder: Path) -> None:
    results = Results(planning.load(), STUDY)
    markdown = tables.write(results, papers.load())[1].read_text(encoding="utf-8")
    assert "| It falls as 1/c. | clipping\\_bias | = −1 ± 0.01 | −1 \\[−1, −1\\] | – | supported |" in markdown
    assert "5 repetitions of each experiment, in double precision." in markdown
    latex = (folder / f"results/tables/{STUDY}.tex").read_text(encoding="utf-8")
    assert "p{48mm}p{24mm}" in latex and "Theorem & Predicted & Measured & Control & Verdict" in latex
    lines = (folder / f"results/tables/{STUDY}.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[5] for line in lines[1:]] == ["exponent", "level", "level"]
    assert figures.names(results.study) == ["coverage", "rates"]
    assert {path.suffix for path in figures.write(results)} == {".svg", ".png"}


def test_a_check_that_counts_to_a_threshold_has_a_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = {"smallest": 20, "largest": 40, "steps": 2}
    monkeypatch.chdir(
        make(tmp_path / "project", methods=[{"key": "planted_subgraph", "settings": few}], variants={"default": {}})
    )
    plan = planning.load()
    for run in plan.runs:
        stages.evaluate(run, plan, Path())
    results = Results(plan, STUDY)
    assert figures.names(results.study) == ["coverage", "phases", "rates"]
    drawn = figures.module("phases").draw(results)
    assert [axis.get_ylabel() for axis in drawn.axes] == ["leaves", "share"]
    (shares,) = drawn.axes[0].collections
    assert shares.get_array().mask.any(), "a star of 32 leaves has no room among 20 vertices"
    assert 0 <= shares.get_array().min() < shares.get_array().max() <= 1


def test_zero_has_no_sign() -> None:
    assert [labels.short(value) for value in (-0.0, 0.0, -0.5)] == ["0", "0", "−0.5"]


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"dataset": "fashion_mnist"}, "dataset = 'fashion_mnist': protocol 'theory' reads none"),
    ({"budget": {"smoke": {}}}, "repetitions"),
    ({"budget": {"smoke": {"repetitions": 5, "epochs": 3}}}, "epochs"),
    ({"budget": {"smoke": {"repetitions": 0}}}, "repetitions = 0"),
    ({"methods": ["cross_entropy"]}, "'cross_entropy' is a classifier; protocol 'theory' takes check"),
    ({"further_metrics": ["top1"]}, "metric 'top1' needs"),
]


@pytest.mark.parametrize(("changes", "part"), FAULTS, ids=lambda value: str(value)[:30])
def test_a_fault_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], part: str
) -> None:
    monkeypatch.chdir(make(tmp_path / "project", **changes))
    with pytest.raises(UserError) as caught:
        planning.load()
    assert part in str(caught.value) and f"studies/{STUDY}.yaml" in str(caught.value)


CLAIMS: list[tuple[dict[str, Any], str]] = [
    ({"equals": 1.0}, "'equals' and 'within' go together"),
    ({"within": 1.0}, "'equals' and 'within' go together"),
    ({}, "'than' is missing"),
    ({"equals": 1.0, "within": 0.1, "than": 2.0}, "take the number in 'than', 'direction' and 'margin' out"),
    ({"equals": 1.0, "within": 0.1, "direction": "higher"}, "take the number in 'than', 'direction' and 'margin' out"),
    ({"than": 1.0}, "neither is better; say in `direction` what the claim says"),
]


@pytest.mark.parametrize(("test", "part"), CLAIMS, ids=lambda value: str(value)[:30])
def test_a_claim_that_says_too_little_or_too_much_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, test: dict[str, Any], part: str
) -> None:
    stated = {"id": "one", "statement": "One.", "test": {**SHARED, "metric": "level", **test}}
    monkeypatch.chdir(make(tmp_path / "project", stated))
    with pytest.raises(UserError) as caught:
        planning.load()
    assert part in str(caught.value) and "papers/clipping_bias.yaml" in str(caught.value)


def test_a_control_is_of_a_claim_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(make(tmp_path / "project", SIZE, EVEN | {"control_of": "sise"}))
    with pytest.raises(UserError, match="claim 'even': control_of: unknown claim 'sise'; did you mean 'size'"):
        planning.load()
