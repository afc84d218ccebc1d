"""The study that searches another one's learning rates, and what it found.

A search is a study too: its variants are the rates, its runs are measured on training images kept out of training. So
it is scheduled, resumed, tracked and tabulated like everything else, and no code runs methods a second way.
"""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import metrics
from pipeline.errors import UserError
from pipeline.files import read_sealed, write_text
from pipeline.planning import data, variants
from pipeline.planning.model import MethodEntry, Plan, Run, Study, Tried
from pipeline.yaml_files import read_yaml

ENDING = "_search"
"""Of the name of the study that searches another one's learning rates."""
MEASURING = ("train_examples", "validation_examples", "evaluate_on", "seeds")
"""Of a budget, what the search itself sets."""


@dataclass(frozen=True)
class Try:
    """What is tried of a method: a learning rate and, by name, settings."""

    learning_rate: float
    settings: tuple[tuple[str, Any], ...] = ()
    """Those that are not the study's own."""

    @classmethod
    def of(cls, tried: Tried) -> "Try":
        return cls(tried.learning_rate, tuple(sorted(tried.settings.items())))

    def to_yaml(self) -> dict[str, Any]:
        return {"learning_rate": self.learning_rate} | ({"settings": dict(self.settings)} if self.settings else {})

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
    homes = variants.homes(study, tier)
    for home in study.variants:
        found: dict[Try, list[str]] = {}
        for entry in variants.members(study, home):
            if homes.get((home, entry.key)) == home:
                chosen = study.rates.get(tier, {}).get(home, {}).get(entry.key)
                further = [Try.of(each) for each in chosen.further] if chosen else []
                for tried in dict.fromkeys([*map(Try, _asked(study, tier, home, entry)), *further]):
                    found.setdefault(tried, []).append(entry.key)
        yield from (Cell(home, tried, methods) for tried, methods in found.items())


def _asked(study: Study, tier: str, home: str, entry: MethodEntry) -> list[float]:
    """The study's rates, ascending; in proportion where the variant or the method's line states one of its own."""
    budget = variants.merge(study.budget[tier], variants.changes(study, home))
    own, usual = variants.rate(variants.merge(budget, entry.budget)), variants.rate(study.budget[tier])
    proportion = own / usual if own and usual else 1.0
    return sorted(float(f"{rate * proportion:.6g}") for rate in study.search[tier].learning_rates)


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
    return variants.merge(_stated(study.variants[cell.home]), own) | {"methods": cell.methods}


def _stated(changes: dict[str, Any]) -> dict[str, Any]:
    """What a variant or a method's line changes of the budget, without what the search itself sets."""
    return {key: value for key, value in changes.items() if key not in MEASURING}


def _entry(entry: MethodEntry) -> MethodEntry:
    """A method's line without what the search decides."""
    budget = _stated(entry.budget)
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
    asked: list[float]
    """The study's rates, ascending; others are tried because of what these gave."""
    least: float
    """The least rate that may be tried."""
    others: dict[str, list[Any]]
    """Setting -> the values to be tried that are not the study's own."""

    @property
    def best(self) -> Try | None:
        """What has the best score; of equals that with the smallest rate."""
        return self._best(self.scores)

    def _best(self, among: Iterable[Try]) -> Try | None:
        scores = {tried: score for tried in among if (score := self.scores.get(tried)) is not None}
        if not scores:
            return None
        best = max(scores.values()) if self.higher else min(scores.values())
        return min((tried for tried, score in scores.items() if score == best), key=lambda tried: tried.learning_rate)

    @property
    def next(self) -> list[Try]:
        """What is to be tried next, nothing at the end of the search: a rate beyond an end of the range where the best
        is there; else, at the best rate, other values of settings, or rates beside it where no setting is named."""
        grid = self._grid()
        best = self._best(map(Try, grid))
        # what is fitted at once has no steps that a rate could change
        if best is None or len({self.scores[Try(rate)] for rate in grid}) == 1:
            return self._settings(Try(grid[0]))
        place = grid.index(best.learning_rate)
        lower = _beyond(grid[1], grid[0])
        if place == 0 and lower >= self.least and self._may_grow(grid, self.asked[0]):
            return [Try(lower)]
        if place == len(grid) - 1 and self._may_grow(grid[::-1], self.asked[-1]):
            return [Try(_beyond(grid[-2], grid[-1]))]
        if self.others:
            return self._settings(best)
        beside = [math.sqrt(rate * best.learning_rate) for rate in grid[max(place - 1, 0) : place + 2]]
        return self._new(Try(float(f"{rate:.2g}")) for rate in beside if rate >= self.least)

    def _settings(self, best: Try) -> list[Try]:
        """Other values of the settings at the best rate; none where no rate gave a number."""
        if self.scores[best] is None:
            return []
        tries = [(name, value) for name, values in self.others.items() for value in values]
        return self._new(Try(best.learning_rate, (tried,)) for tried in tries)

    def _new(self, wanted: Iterable[Try]) -> list[Try]:
        return [tried for tried in wanted if tried not in self.scores]

    def _grid(self) -> list[float]:
        """The study's rates, and those beyond either end that were tried."""
        grid = list(self.asked)
        while Try(beyond := _beyond(grid[1], grid[0])) in self.scores:
            grid.insert(0, beyond)
        while Try(beyond := _beyond(grid[-2], grid[-1])) in self.scores:
            grid.append(beyond)
        return grid

    @staticmethod
    def _may_grow(grid: list[float], end: float) -> bool:
        """Whether fewer than BEYOND rates stand before a study's own last one."""
        return grid.index(end) < BEYOND


BEYOND = 3
"""So many rates beyond each end of a study's own are tried at most."""


def _beyond(inner: float, end: float) -> float:
    """The rate beyond an end that is to it what the end is to the rate next to it."""
    return float(f"{end * end / inner:.2g}")


def rows(choice: Choice) -> Iterator[tuple[str, list[tuple[str, float | None]]]]:
    """What was tried of a method: the settings, and with each the learning rates, ascending, and their scores."""
    for settings in dict.fromkeys(tried.settings for tried in choice.scores):
        of_these = [tried for tried in choice.scores if tried.settings == settings]
        of_these.sort(key=lambda tried: tried.learning_rate)
        found = [(f"{tried.learning_rate:g}", choice.scores[tried]) for tried in of_these]
        yield ", ".join(f"{name} {value}" for name, value in settings), found


def choices(plan: Plan, study: str, root: Path = Path()) -> list[Choice]:
    """The search of `study`, a line a method and variant, in the study's order. UserError where it has not been run."""
    found: dict[tuple[str, str], dict[Try, list[float | None]]] = {}
    about, search = plan.study(study), plan.study(study).search[plan.tier]
    first = next(iter(about.metrics))
    by_name = {cell.name: cell for cell in cells(about, plan.tier)}
    usual: dict[tuple[str, str], dict[str, Any]] = {}
    for run in plan.study_runs(study + ENDING):
        path = root / run.path / "result.json"
        if not path.is_file():
            raise UserError(f"{path}: missing; `make search STUDY={study}` runs the search")
        cell = by_name[run.variant]
        scores = found.setdefault((cell.home, run.method), {}).setdefault(cell.tried, [])
        scores.append(read_sealed(path, run.id)["metrics"].get(search.by.get(run.method, first)))
        if not cell.tried.settings:
            usual[cell.home, run.method] = run.settings["method"]
    rates = {(run.variant, run.method): rate_of(run) for run in plan.study_runs(study) if run.trains}
    lines = {entry.key: entry for entry in about.methods}
    made = []
    for (variant, method), each in found.items():
        chosen = about.rates.get(plan.tier, {}).get(variant, {}).get(method)
        others = {
            name: [value for value in values if value != usual[variant, method][name]]
            for name, values in search.settings.get(method, {}).items()
        }
        made.append(
            Choice(
                method,
                variant,
                {tried: _mean(scores) for tried, scores in each.items()},
                Try.of(chosen) if chosen else Try(rates[variant, method]),
                metrics.describe(search.by.get(method, first)).direction == "higher",
                _asked(about, plan.tier, variant, lines[method]),
                search.least or 0.0,
                others,
            )
        )
    return made


def rate_of(run: Run) -> float:
    return float(run.settings["optimizer"]["learning_rate"])


def _mean(scores: list[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if len(known) == len(scores) else None


def write(found: list[Choice], study: str, tier: str, root: Path = Path()) -> Path:
    """Write what is best to studies/<study>.rates.yaml, with what was tried beyond the study's rates and what is to be
    tried next; other tiers' is kept. Return its path."""
    import yaml

    path = root / f"studies/{study}.rates.yaml"
    rates = read_yaml(path) if path.exists() else {}
    chosen: dict[str, dict[str, Any]] = {}
    for choice in found:
        if best := choice.best:
            own = set(map(Try, choice.asked))
            further = [tried.to_yaml() for tried in (*choice.scores, *choice.next) if tried not in own]
            line = best.to_yaml() | ({"further": further} if further else {})
            chosen.setdefault(choice.variant, {})[choice.method] = line
    head = f"# What `make search STUDY={study}` chose, by tier, variant and method.\n"
    write_text(path, head + yaml.safe_dump(rates | {tier: chosen}, sort_keys=False, default_flow_style=None, width=120))
    return path
