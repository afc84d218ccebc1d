"""A study's results by cell: the runs of one method in one variant, over seeds."""

from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pipeline.errors import UserError
from pipeline.exhibits import frame, labels, statistics
from pipeline.exhibits.estimates import Estimates
from pipeline.exhibits.frame import SEVERITY, PlanLike, Records
from pipeline.exhibits.statistics import Estimate, Sample
from pipeline.metrics import Metric, redrawn
from pipeline.publishing import compare
from pipeline.publishing.store import PublishedRun

Source = Literal["run", "published", "published_earlier"]
UNPUBLISHED = "its published runs have none"
UNMEASURED = "the runs do not measure it"
"""Why a metric is absent of which a result says nothing."""


SHARE = (0.0, 1.0)
"""The bounds of a metric that says of each example whether something is so."""


def _agree(run: Any, metric: str, found: float, stated: float | None) -> None:
    """UserError where a run's predictions are not those of its result."""
    if stated is None or not abs(found - stated) <= 1e-3 * max(1.0, abs(stated)):
        raise UserError(
            f"{run.path}: by predictions.npz, {metric} is {found:.6g}, but result.json says {stated}; "
            f"delete the folder, then {frame.MAKE}"
        )


class Both:
    """`frame.Records` of runs that were made here, and of published ones, which have no files."""

    def __init__(self, made: Records) -> None:
        self._made = made

    def results(self, runs: Sequence[Any]) -> list[dict[str, Any]]:
        return self._made.results(runs)

    def examples(self, run: Any, features: bool = False) -> dict[str, np.ndarray]:
        return {} if isinstance(run, PublishedRun) else self._made.examples(run, features)

    def history(self, run: Any) -> list[dict[str, Any]]:
        return [] if isinstance(run, PublishedRun) else self._made.history(run)


class Later(Mapping[int, Any]):
    """A mapping that is made when it is first looked into."""

    def __init__(self, make: Callable[[], Mapping[int, Any]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Mapping[int, Any]:
        return self._make()

    def __getitem__(self, key: int) -> Any:
        return self._made[key]

    def __iter__(self) -> Iterator[int]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


@dataclass
class Cell:
    """The runs of one method in one variant, by seed, with their results.

    study: all cells of the study, whose means are resampled together. known: estimates that were computed before.
    Runs that are published have values, and nothing by example.
    """

    runs: list[Any]
    results: list[dict[str, Any]]
    records: Records
    study: "Mapping[Any, Cell]" = field(default_factory=dict, repr=False)
    known: MutableMapping[str, Estimate | None] = field(default_factory=dict, repr=False)
    source: Source = "run"
    """Whether the runs were made here, or published: of today's code and settings, or of earlier ones."""
    lines: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    """Metric -> what is published of it, where something is and its runs are those of today."""

    def __post_init__(self) -> None:
        self._samples: dict[str, Sample] = {}
        self._redrawn: dict[tuple[str, int], dict[str, np.ndarray]] = {}

    @property
    def status(self) -> str:
        """The worst of the runs' statuses."""
        return max((result["status"] for result in self.results), key=SEVERITY.index)

    @property
    def lost(self) -> list[str]:
        """The statuses of the runs that gave no numbers."""
        return [result["status"] for result in self.results if result["status"] != "ok"]

    @property
    def metrics(self) -> list[str]:
        return sorted({name for result in self.results if result["status"] == "ok" for name in result["metrics"]})

    @cached_property
    def examples(self) -> dict[int, Any]:
        """seed -> arrays of predictions.npz, of runs made here that are ok; without the features, which are large."""
        return {
            run.seed: self.records.examples(run)
            for run, result in zip(self.runs, self.results, strict=True)
            if result["status"] == "ok" and self.source == "run"
        }

    @cached_property
    def epoch_seconds(self) -> dict[int, list[float]]:
        """seed -> measured seconds of each epoch, of the runs that trained."""
        found = {run.seed: [line.get("seconds") for line in self.records.history(run)] for run in self.runs}
        return {seed: [float(s) for s in lines if s is not None] for seed, lines in found.items() if any(lines)}

    def value(self, run: Any, metric: str) -> float | None:
        result = self.results[self.runs.index(run)]
        return result["metrics"].get(metric) if result["status"] == "ok" else None

    def absent(self, metric: str) -> list[str]:
        """Why there is no value, of each run that is ok and has none."""
        described = labels.described(metric)
        found = []
        for result in self.results:
            if result["status"] == "ok" and result["metrics"].get(metric) is None:
                reasons = result.get("metrics_absent", {})
                whole = reasons.get(described.name) if described else None
                found.append(reasons.get(metric) or whole or (UNMEASURED if self.source == "run" else UNPUBLISHED))
        return found

    def whole(self, metric: str) -> bool:
        """Whether every planned run has a value: the mean of fewer is not ranked and decides no claim."""
        return not self.lost and not self.absent(metric)

    def sample(self, metric: str) -> Sample:
        """The metric over the cell's ok seeds, with per-example values where runs stored them.

        UserError where stored examples contradict the stored metric: then one of the files is not the run's.
        """
        if metric not in self._samples and self.source != "run":
            self._samples[metric] = self._published(metric)
        if metric not in self._samples:
            values = {run.seed: value for run in self.runs if (value := self.value(run, metric)) is not None}
            self._samples[metric] = Sample(
                values,
                Later(lambda: self._examples(metric, values)),
                Later(lambda: self._redraws(metric, values)),
                lambda: [cell.sample(metric) for cell in self.study.values()],
                f"{metric} {values} {self._seals}" if self._seals else "",
                self.known,
                share=labels.bounds(metric) == SHARE,
            )
        return self._samples[metric]

    def estimate(self, metric: str) -> Estimate | None:
        """The metric's mean and interval within its bounds; None where no seed has a value."""
        return statistics.mean(self.sample(metric), labels.bounds(metric))

    def _published(self, metric: str) -> Sample:
        """The published values by seed, and the mean and interval that were computed of more than these."""
        values = {run.seed: value for run in self.runs if (value := self.value(run, metric)) is not None}
        line = self.lines.get(metric, {})
        return Sample(values, stated=stated(line, "mean", "ci_low", "ci_high") if line.get("mean") else None)

    @cached_property
    def _seals(self) -> str:
        """What tells the cell's results from others; empty where one has no seal."""
        seals = [result.get("seal", "") for result in self.results]
        return " ".join(seals) if all(seals) else ""

    def _examples(self, metric: str, values: Mapping[int, float]) -> dict[int, np.ndarray]:
        name = f"example_{metric}"
        examples = {seed: self.examples[seed][name] for seed in values if name in self.examples.get(seed, {})}
        for run in self.runs:
            if run.seed in examples:
                _agree(run, metric, float(examples[run.seed].mean(dtype="float64")), values[run.seed])
        return examples

    def _redraws(self, metric: str, values: Mapping[int, float]) -> dict[int, Callable[[], np.ndarray]]:
        file = labels.described(metric)
        return {
            seed: partial(self._drawn, file, seed, metric)
            for seed in values
            if file is not None and file.kept(self.examples.get(seed, {}))
        }

    def _drawn(self, file: Metric, seed: int, metric: str) -> np.ndarray:
        """(B,) of the metric over resampled examples; UserError where what was kept contradicts the stored metric."""
        if (file.name, seed) not in self._redrawn:
            run, arrays = next(run for run in self.runs if run.seed == seed), self.examples[seed]
            for name, value in redrawn(file, arrays).items():
                _agree(run, name, float(value[0]), self.value(run, name))
            self._redrawn[file.name, seed] = statistics.redraw(partial(redrawn, file, arrays))
        return self._redrawn[file.name, seed][metric]


def stated(line: Mapping[str, str], mean: str, low: str, high: str) -> Estimate | None:
    """An estimate that is published under these columns; None where there is none."""
    if not line[mean]:
        return None
    ends = [float(line[name]) if line[name] else None for name in (low, high)]
    return Estimate(float(line[mean]), ends[0], ends[1], int(line["n_seeds"]), None)


class Results:
    """Every cell of a study, in table order. `cells` maps (variant, method) to a Cell.

    runs, results: those of all cells, of published ones too. made: the results that were made here. places: the cells
    that are looked at; None for all.
    """

    def __init__(
        self,
        plan: PlanLike,
        study: str,
        root: str | Path = ".",
        records: Records | None = None,
        places: Collection[tuple[str, str]] | None = None,
    ) -> None:
        self.plan = plan
        self.study = frame.study_of(plan, study)
        self.root = Path(root)
        self.records: Records = Both(records or frame.Files(root))
        self.known = Estimates(self.study, self.root)
        self.planned: dict[tuple[str, str], list[Any]] = {}
        for run in plan.study_runs(study):
            if places is None or (run.variant, run.method) in places:
                self.planned.setdefault((run.variant, run.method), []).append(run)
        self.published = plan.published.get(study)
        here = [run for runs in self.planned.values() for run in runs if plan.makes(run)]
        self.made = self.records.results(here)
        results = iter(self.made)
        self.cells: dict[tuple[str, str], Cell] = {}
        for place, runs in self.planned.items():
            self.cells[place] = self._made(place, runs, results) if plan.makes(runs[0]) else self._shown(place, runs)
        self.runs: list[Any] = [run for cell in self.cells.values() for run in cell.runs]
        self.results = [result for cell in self.cells.values() for result in cell.results]

    def current(self, place: tuple[str, str]) -> bool:
        """Whether what is published of a cell is of today's code and settings."""
        there = self.published.cells.get(place, []) if self.published else []
        return {run.id for run in there} == {run.id for run in self.planned[place]}

    def _made(self, place: tuple[str, str], runs: list[Any], results: Iterator[dict[str, Any]]) -> Cell:
        pairs = sorted(((run, next(results)) for run in runs), key=lambda pair: pair[0].seed)
        lines = self._lines(place) if self.current(place) else {}
        own, found = [run for run, _ in pairs], [result for _, result in pairs]
        return Cell(own, found, self.records, self.cells, self.known, lines=lines)

    def _shown(self, place: tuple[str, str], runs: list[Any]) -> Cell:
        assert self.published is not None
        told = {"paper": runs[0].paper, "settings": runs[0].settings}
        shown = [replace(run, **told) for run in self.published.cells[place]]
        source: Source = "published" if self.current(place) else "published_earlier"
        results = [dict(run.result) for run in shown]
        return Cell(shown, results, self.records, self.cells, self.known, source, self._lines(place))

    def _lines(self, place: tuple[str, str]) -> dict[str, dict[str, str]]:
        return self.published.table.get(place, {}) if self.published else {}

    @cached_property
    def by_variant(self) -> dict[str, list[Cell]]:
        found: dict[str, list[Cell]] = {}
        for (variant, _), cell in self.cells.items():
            found.setdefault(variant, []).append(cell)
        return found

    def methods(self, variant: str) -> list[str]:
        """The study's methods that the variant has, in the study's order."""
        return [entry.key for entry in self.study.methods if (variant, entry.key) in self.cells]

    def variants(self) -> list[str]:
        return [variant for variant in self.study.variants if self.methods(variant)]

    @property
    def lost(self) -> list[dict[str, str]]:
        """The runs that gave no numbers, and why."""
        return [
            {
                "run": f"{run.study} / {run.method} / {run.variant}, seed {run.seed}",
                "status": result["status"],
                "reason": result.get("reason") or "no reason recorded",
                "path": run.path if isinstance(run, PublishedRun) else f"{run.path}/",
            }
            for run, result in zip(self.runs, self.results, strict=True)
            if result["status"] != "ok"
        ]

    @cached_property
    def agreement(self) -> dict[tuple[str, str], compare.Outcome]:
        """Of the cells that are made here and published: whether the runs agree with the published ones."""
        if self.published is None:
            return {}
        spread, there = compare.spreads(self.published), self.published.by_id
        found: dict[tuple[str, str], compare.Outcome] = {}
        for place, cell in self.cells.items():
            pairs = list(zip(cell.runs, cell.results, strict=True)) if cell.source == "run" else []
            outcomes = [compare.run(made, there[run.id], spread).outcome for run, made in pairs if run.id in there]
            if outcomes:
                found[place] = compare.worst(outcomes)
        return found

    def frame(self) -> Any:
        """The tidy frame of `frame.from_results`."""
        return frame.from_results(self.runs, self.results)
