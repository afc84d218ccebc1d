"""Every method that discovery finds: planned, trained on little data, killed and resumed to the same bytes, evaluated.

A method is taken from the first study that has it, at the smoke tier, with a few of the data set's first examples. What
is said here of all of them need not be said again in the methods' own tests, which derive the arithmetic anew.
"""

import ast
import dataclasses
import functools
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from pipeline import lookup, metrics, modalities
from pipeline.commands import stages
from pipeline.planning import code, expand, load, papers
from pipeline.planning.model import Run
from pipeline.training import bases, checkpoint, evidence, job, loop
from pipeline.training.device import choose
from tests.kit import project

# checks of theorems read no data, and are held to the same in tests/methods/theory
METHODS = sorted(key for key in code.method_modules() if code.method(key).kind != "check")
EPOCHS, EXAMPLES, TESTED = 3, 220, 60
FEW = {"train_examples": None, "test_examples": None, "validation_examples": 0, "epochs": EPOCHS, "weight_average": 0.0}


class Killed(BaseException):
    pass


@functools.cache
def planned() -> dict[str, Run]:
    """Method -> the first run of it at the smoke tier, in whatever study has it."""
    studies = {key: load.study(project.HERE, key, "smoke") for key in load.written(project.HERE)}
    studies = {key: study for key, study in studies.items() if study.dataset}
    runs = expand.runs(studies, load.Params(tier="smoke", studies=list(studies), seeds=1))
    found: dict[str, Run] = {}
    for run in (run for of_study in runs.values() for run in of_study):
        found.setdefault(run.method, run)
    found |= {run.id: run for of_study in runs.values() for run in of_study}
    return found


@functools.cache
def prepared(key: str, root: Path) -> modalities.Prepared:
    """The data set, cut to a few examples; what is beyond them is spare."""
    if not (modalities.folder(key, root) / "manifest.json").exists():
        modalities.prepare(key, root)
    whole = modalities.load(key, root)
    return dataclasses.replace(
        whole,
        train_inputs=whole.train_inputs[: 2 * EXAMPLES],
        train_labels=whole.train_labels[: 2 * EXAMPLES],
        test_inputs=whole.test_inputs[:TESTED],
        test_labels=whole.test_labels[:TESTED],
    )


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the embedded data, in which data sets are prepared as they are asked for."""
    folder = tmp_path_factory.mktemp("every_method")
    (folder / "data").mkdir()
    (folder / "data/embedded").symlink_to(project.HERE / "data/embedded")
    return folder


def made(run: Run, root: Path) -> job.Job:
    """A job of the run on little data, with fewer and smaller batches; built upon untrained bases."""
    info = code.method(run.method)
    settings = dict(run.settings)
    settings |= {name: value for name, value in FEW.items() if name in settings}
    settings["train_examples"] = EXAMPLES
    if not info.trains and "epochs" in settings:
        settings["epochs"] = 0
    settings["batch_size"] = min(settings["batch_size"], 40)
    if "optimizer" in settings:  # short steps, since three epochs are more than some rates of one were chosen for
        settings["optimizer"] = {**settings["optimizer"], "learning_rate": 2e-5}
    if "validation_examples" in settings and run.settings.get("validation_examples"):
        settings["validation_examples"] = 60
    for name, least in (("outlier_examples", 30), ("labelled_examples", 40)):
        if settings.get(name):
            settings[name] = min(settings[name], least)
    if settings.get("imbalance"):  # which leaves enough for a batch
        settings["imbalance"] = min(settings["imbalance"], 50.0)
    if settings.get("wild"):
        settings["wild"] = {**settings["wild"], "examples": 60}
    below = [made(planned()[need], root) for need in run.needs]
    base = bases.joined([loop.build(each, phases(each)) for each in below], run.settings.get("bases"))
    recipe = dataclasses.replace(stages.recipe(run), settings=settings)
    return job.make(recipe, choose("fp32"), lambda key: prepared(key, root), base)


def phases(job: job.Job) -> list[loop.Phase]:
    found: list[loop.Phase] = lookup.module(f"protocols.{job.settings['protocol']}.run").phases(job)
    return found


def fitted(made: job.Job, state: Path, kill: Any = None) -> list[dict[str, Any]]:
    """Train with a checkpoint after every epoch; `kill` is called with the job before and may spoil it."""
    if kill is not None:
        kill(made)
    return loop.fit(made, phases(made), checkpoint.Kept(state, "test"), 0.0, lambda row: None)


def in_step(number: int) -> Any:
    """Kill in the middle of an epoch, before its step of this number."""

    def spoil(made: job.Job) -> None:
        step, seen = made.method.step, []

        def killing(*given: Any) -> Any:
            seen.append(1)
            if len(seen) == number:
                raise Killed
            return step(*given)

        made.method.step = killing  # type: ignore[method-assign]

    return spoil


def before_epoch(number: int) -> Any:
    """Kill before an epoch (1, 2, ...) begins, after the last one's checkpoint."""

    def spoil(made: job.Job) -> None:
        start = made.method.start_epoch

        def killing(epoch: int) -> None:
            if epoch + 1 == number:
                raise Killed
            start(epoch)

        made.method.start_epoch = killing  # type: ignore[method-assign]

    return spoil


@pytest.mark.parametrize("key", METHODS)
def test_it_trains_resumes_to_the_same_bytes_and_is_evaluated(key: str, root: Path, tmp_path: Path) -> None:
    assert key in planned(), f"no study has '{key}'"
    run = planned()[key]
    straight = made(run, root)
    if run.trains:
        rows = fitted(straight, tmp_path / "straight")
        (tmp_path / "straight").unlink(missing_ok=True)
        if rows:
            _resumes(run, root, tmp_path, straight, rows)
        straight.history.extend({"test_top1": 0.0, **row} for row in rows)
    _is_evaluated(run, straight)


def _resumes(run: Run, root: Path, folder: Path, straight: job.Job, rows: list[dict[str, Any]]) -> None:
    """Kill one run three times, in an epoch and between two, and compare its end with the undisturbed run's."""
    state = folder / "checkpoint.safetensors"
    for kill in (in_step(2), before_epoch(2), in_step(phases(straight)[0].steps + 1)):
        with pytest.raises(Killed):
            fitted(made(run, root), state, kill)
        torch.manual_seed(99)  # what was drawn elsewhere meanwhile plays no part
    resumed = made(run, root)
    again = fitted(resumed, state)
    assert [row["loss"] for row in again] == [row["loss"] for row in rows]
    expected, found = straight.method.state_dict(), resumed.method.state_dict()
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        assert torch.equal(value, found[name]), f"{name} differs after a resume"


def _is_evaluated(run: Run, trained: job.Job) -> None:
    """On weights that were kept, as evaluation finds them; within the bounds that the metrics state."""
    if run.trains:
        kept = {n: v for n, v in trained.method.state_dict().items() if not n.startswith(trained.method.training_only)}
        missing, unexpected = trained.method.load_state_dict(kept, strict=False)
        assert not unexpected and all(name.startswith(trained.method.training_only) for name in missing)
    protocol = lookup.module(f"protocols.{run.settings['protocol']}.run")
    found = evidence.evaluate(protocol.Evidence(trained), list(run.metrics))
    assert found.metrics
    for name, value in found.metrics.items():
        low, high = metrics.describe(name).bounds
        assert math.isfinite(value) and low - 1e-6 <= value <= high + 1e-6, name


@pytest.mark.parametrize("key", METHODS)
def test_nothing_it_declares_goes_unread(key: str) -> None:
    info = code.method(key)
    lineage = code.lineage(info.module, info.name)
    modules = {code.tree(Path(place)) for place, _ in lineage}
    read = {
        node.attr
        for module in modules
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    assert not info.settings.keys() - read


@pytest.mark.parametrize("key", METHODS)
def test_its_paper_names_it_and_its_class_says_what_it_computes(key: str) -> None:
    info = code.method(key)
    if info.paper:
        assert key in known_papers()[info.paper].methods
    (own,) = [node for place, node in code.lineage(info.module, info.name) if node.name == info.name]
    assert ast.get_docstring(own) and info.title


@functools.cache
def known_papers() -> Any:
    return papers.load(project.HERE)


@pytest.mark.parametrize("key", METHODS)
def test_its_arithmetic_is_derived_anew_in_a_test_of_its_own(key: str) -> None:
    info = code.method(key)
    path = project.HERE / f"tests/methods/{info.family}/test_{key}.py"
    assert path.exists(), f"write {path.relative_to(project.HERE)}: a slow re-derivation, a closed form or a limit"
    body = ast.parse(path.read_text(encoding="utf-8"))
    tests = [node for node in body.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    assert tests
    assert info.name in {node.id for node in ast.walk(body) if isinstance(node, ast.Name)}
