"""The study that searches another one's learning rates, and what it found.

A search is a study too: its variants are the rates, its runs are measured on training images kept out of training. So
it is scheduled, resumed, tracked and tabulated like everything else, and no code runs methods a second way.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import UserError
from pipeline.files import read_sealed, write_text
from pipeline.planning import data, variants
from pipeline.planning.model import MethodEntry, Plan, Run, Search, Study
from pipeline.yaml_files import read_yaml

ENDING = "_search"
"""Of the name of the study that searches another one's learning rates."""
MEASURING = ("train_examples", "validation_examples", "evaluate_on")
"""Of a budget, what the search itself sets."""


@dataclass(frozen=True)
class Try:
    """What is tried of a method: a learning rate and, by name, settings."""

    learning_rate: float
    settings: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        return ", ".join([f"{self.learning_rate:g}", *(f"{name} {value}" for name, value in self.settings)])

    @property
    def name(self) -> str:
        """Small letters, digits and underscores: it names folders."""
        rate = f"{self.learning_rate:.10f}".rstrip("0").replace(".", "p")
        told = [f"{name}_{value}".lower().replace(".", "p") for name, value in self.settings]
        return re.sub("[^a-z0-9_]", "_", "_".join([f"rate_{rate}", *told]))


@dataclass(frozen=True)
class Cell:
    """A variant of the search: what is tried, of which methods, in which of the study's variants."""

    home: str
    tried: Try
    methods: list[str]

    @property
    def name(self) -> str:
        return ("" if self.home == "default" else f"{self.home}_") + self.tried.name


def cells(study: Study, tier: str) -> Iterator[Cell]:
    """The search's variants. A method is tried in each of its variants that trains by steps of its own, its first one
    among them."""
    if tier not in study.search:
        raise UserError(f"studies/{study.key}.yaml: has no search.{tier}, which says what learning rates to try")
    search, homes = study.search[tier], variants.homes(study, tier)
    usual = variants.rate(study.budget[tier])
    for home in study.variants:
        budget = variants.merge(study.budget[tier], variants.changes(study, home))
        found: dict[Try, list[str]] = {}
        for entry in variants.members(study, home):
            if homes.get((home, entry.key)) == home:
                own = variants.rate(variants.merge(budget, entry.budget))
                for tried in _tries(search, entry.key, own / usual if own and usual else 1.0):
                    found.setdefault(tried, []).append(entry.key)
        yield from (Cell(home, tried, methods) for tried, methods in found.items())


def _tries(search: Search, method: str, proportion: float) -> Iterator[Try]:
    """What is tried of a method whose own rate is `proportion` times the tier's."""
    settings = [[(name, value) for value in values] for name, values in search.settings.get(method, {}).items()]
    for together in itertools.product(*settings):
        for rate in search.learning_rates:
            yield Try(float(f"{rate * proportion:.6g}"), together)


def study_of(study: Study, tier: str) -> Study:
    """The study that tries what `study.search` says, each try as a variant, on validation examples."""
    tried = {cell.name: _variant(study, tier, cell) for cell in cells(study, tier)}
    changed = {
        "key": study.key + ENDING,
        "title": f"{study.title}: search of learning rates",
        "selection": "last epoch; measured on training images that were kept out of training",
        "search": {},
        "rates": {},
        "budget": {tier: variants.merge(study.budget[tier], {"seeds": study.search[tier].seeds})},
        "variants": tried,
        "methods": [_entry(entry) for entry in study.methods if any(entry.key in v["methods"] for v in tried.values())],
        "figures": [],
        "ceiling": None,
        "phenomena": [],
        "core": {},
    }
    return study.model_copy(update=changed)


def _variant(study: Study, tier: str, cell: Cell) -> dict[str, Any]:
    """The study's variant, trained on as many examples, where there are as many beside those that are kept out."""
    kept_out = study.search[tier].validation_examples
    budget = {"dataset": study.dataset} | variants.merge(study.budget[tier], variants.changes(study, cell.home))
    there = data.describe(budget["dataset"]).train_examples
    trained = (budget.get("train_examples") or there) - budget.get("validation_examples", 0)
    own = {
        "train_examples": min(trained + kept_out, there),
        "validation_examples": kept_out,
        "evaluate_on": "validation",
        "optimizer": {"learning_rate": cell.tried.learning_rate},
        "settings": dict(cell.tried.settings),
    }
    return variants.merge(study.variants[cell.home], own) | {"methods": cell.methods}


def _entry(entry: MethodEntry) -> MethodEntry:
    """A method's line without what the search decides."""
    budget = {key: value for key, value in entry.budget.items() if key not in MEASURING}
    if variants.rate(budget) is not None:
        budget["optimizer"] = {key: value for key, value in budget["optimizer"].items() if key != "learning_rate"}
    return entry.model_copy(update={"only": None, "budget": budget})


@dataclass(frozen=True)
class Choice:
    """The search of one method in one variant. scores: the mean of the metric over the search's seeds, on validation
    examples; None where a run gave no number.
    """

    method: str
    variant: str
    scores: dict[Try, float | None]
    stated: Try
    """What the study's own runs have."""
    higher: bool

    @property
    def best(self) -> Try | None:
        """What has the best score; of equals that with the smallest rate."""
        scores = {tried: score for tried, score in self.scores.items() if score is not None}
        if not scores:
            return None
        best = max(scores.values()) if self.higher else min(scores.values())
        return min((tried for tried, score in scores.items() if score == best), key=lambda tried: tried.learning_rate)


def rows(
    variant: str, scores: Mapping[Try, float | None], rates: Iterable[float]
) -> Iterator[tuple[str, list[float | None]]]:
    """A line for all settings that were tried together: what they are, and the scores at the search's rates, ascending.

    Where other rates were tried than the search's, the line says in what proportion they stand to those.
    """
    usual = sorted(rates)
    for settings in dict.fromkeys(tried.settings for tried in scores):
        found = sorted((t.learning_rate, score) for t, score in scores.items() if t.settings == settings)
        told = [variant, *(f"{name} {value}" for name, value in settings)]
        if (proportion := found[0][0] / usual[0]) != 1:
            told.append(f"rates times {proportion:g}")
        yield ", ".join(told), [score for _, score in found]


def choices(plan: Plan, study: str, root: Path = Path()) -> list[Choice]:
    """The search of `study`, a line a method and variant, in the study's order. UserError where it has not been run."""
    found: dict[tuple[str, str], dict[Try, list[float | None]]] = {}
    metric, direction = next(iter(plan.study(study).metrics.items()))
    by_name = {cell.name: cell for cell in cells(plan.study(study), plan.tier)}
    for run in plan.study_runs(study + ENDING):
        path = root / run.path / "result.json"
        if not path.is_file():
            raise UserError(f"{path}: missing; `make search STUDY={study}` runs the search")
        cell = by_name[run.variant]
        scores = found.setdefault((cell.home, run.method), {}).setdefault(cell.tried, [])
        scores.append(read_sealed(path, run.id)["metrics"].get(metric))
    runs = {(run.variant, run.method): run for run in plan.study_runs(study) if run.trains}
    return [
        Choice(
            method,
            variant,
            {tried: _mean(each) for tried, each in scores.items()},
            _stated(runs[variant, method], next(iter(scores))),
            direction == "higher",
        )
        for (variant, method), scores in found.items()
    ]


def _stated(run: Run, tried: Try) -> Try:
    """What a run of the study has of all that is tried."""
    return Try(rate_of(run), tuple((name, run.settings["method"][name]) for name, _ in tried.settings))


def rate_of(run: Run) -> float:
    return float(run.settings["optimizer"]["learning_rate"])


def _mean(scores: list[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if len(known) == len(scores) else None


def write(found: list[Choice], study: str, tier: str, root: Path = Path()) -> Path:
    """Write what is best to studies/<study>.rates.yaml, other tiers' kept; return its path."""
    import yaml

    path = root / f"studies/{study}.rates.yaml"
    rates = read_yaml(path) if path.exists() else {}
    chosen: dict[str, dict[str, Any]] = {}
    for choice in found:
        if best := choice.best:
            settings = {"settings": dict(best.settings)} if best.settings else {}
            chosen.setdefault(choice.variant, {})[choice.method] = {"learning_rate": best.learning_rate} | settings
    head = f"# What `make search STUDY={study}` chose, by tier, variant and method.\n"
    write_text(path, head + yaml.safe_dump(rates | {tier: chosen}, sort_keys=False, default_flow_style=None))
    return path
