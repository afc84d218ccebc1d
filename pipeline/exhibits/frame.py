"""The results of a study as one tidy frame, and where results come from."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pipeline import modalities
from pipeline.errors import UserError, unknown
from pipeline.files import REMEDY, part, read_sealed

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from pipeline.planning.information import Information
    from pipeline.planning.model import Study
    from pipeline.publishing.store import Published

MAKE = "`snakemake --cores all` makes it"
CELL = ["study", "dataset", "method", "variant", "paper"]
SEVERITY = ("ok", "diverged", "failed")


class RunLike(Protocol):
    """What the exhibits read of a planned run."""

    @property
    def id(self) -> str: ...
    @property
    def study(self) -> str: ...
    @property
    def dataset(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def variant(self) -> str: ...
    @property
    def seed(self) -> int: ...
    @property
    def paper(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def settings(self) -> Mapping[str, Any]: ...


class PlanLike(Protocol):
    """What the exhibits read of a plan."""

    @property
    def tier(self) -> str: ...
    @property
    def studies(self) -> "Mapping[str, Study]": ...
    @property
    def published(self) -> "Mapping[str, Published]": ...
    def study_runs(self, key: str) -> Sequence[Any]: ...
    def makes(self, run: Any) -> bool: ...
    def information(self, run: Any) -> "Information": ...


class Records(Protocol):
    """Where results are read from: the run folders, or a tracking store that mirrors them."""

    def results(self, runs: Sequence[Any]) -> list[dict[str, Any]]:
        """The content of each run's result.json, in the order of `runs`. UserError where one is missing."""
        ...

    def examples(self, run: Any, features: bool = False) -> "dict[str, np.ndarray]":
        """The arrays of the run's predictions.npz, those of that name, which are large, only where they are asked for;
        empty where there is none."""
        ...

    def history(self, run: Any) -> list[dict[str, Any]]:
        """The lines of the run's history.jsonl; empty where there is none."""
        ...


class Files:
    """Results from the run folders below `root`, each read once. remedy: what to do about a file that is not as it was
    written."""

    def __init__(self, root: str | Path = ".", remedy: str = REMEDY) -> None:
        self.root, self.remedy = Path(root), remedy
        self._read: dict[str, dict[str, Any]] = {}

    def results(self, runs: Sequence[Any]) -> list[dict[str, Any]]:
        return [self._result(run) for run in runs]

    def _result(self, run: Any) -> dict[str, Any]:
        if run.path not in self._read:
            self._read[run.path] = read_sealed(f"{self.root}/{run.path}/result.json", run.id, self.remedy)
        return self._read[run.path]

    def examples(self, run: Any, features: bool = False) -> "dict[str, np.ndarray]":
        import numpy as np

        path = self._part(run, "predictions.npz")
        if path is None:
            return {}
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files if features or name != "features"}

    def history(self, run: Any) -> list[dict[str, Any]]:
        path = self._part(run, "history.jsonl")
        return [] if path is None else [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    def _part(self, run: Any, name: str) -> Path | None:
        """A file that the run's result vouches for; None where it has none of that name."""
        result = self._result(run)
        found = name in result.get("files", {})
        return part(f"{self.root}/{run.path}/result.json", result, name, self.remedy) if found else None


def study_of(plan: PlanLike, key: str) -> "Study":
    """The study; UserError names the nearest where there is none."""
    if key not in plan.studies:
        raise unknown("study", key, plan.studies)
    return plan.studies[key]


def about(dataset: str, root: str | Path = ".") -> dict[str, Any]:
    """What is known of a data set, prepared on this machine or not: `noun`, `classes`, and sizes by split; empty where
    there is none of that name."""
    if (modalities.folder(dataset, Path(root)) / modalities.MANIFEST).exists():
        return modalities.manifest(dataset, Path(root))
    try:
        found = modalities.describe(dataset, Path(root))
    except UserError:
        return {}
    splits = {"train": found.train_examples, "test": found.test_examples}
    return {"noun": modalities.of(dataset).NOUN, "classes": list(found.classes), "splits": splits}


def read(plan: PlanLike, study: str, root: str | Path = ".") -> "pl.DataFrame":
    """The tidy frame of a study's planned runs from their result files; UserError names the first one missing."""
    study_of(plan, study)
    runs = plan.study_runs(study)
    return from_results(runs, Files(root).results(runs))


def from_results(runs: Iterable[Any], results: Iterable[Mapping[str, Any]]) -> "pl.DataFrame":
    """One row per run and metric; a run without metrics has one row with a null metric.

    Columns: study, dataset, method, variant, paper, seed, run, path, status, reason, metric, value.
    Rows are sorted, so that the order of `runs` does not matter.
    """
    import polars as pl

    columns: dict[str, list[Any]] = {name: [] for name in (*CELL, "seed", "run", "path", "status", "reason")}
    measured: list[str | None] = []
    values: list[float | None] = []
    for run, result in zip(runs, results, strict=True):
        metrics = result["metrics"] if result["status"] == "ok" else {}
        pairs = [(name, value) for name, value in metrics.items() if value is not None] or [(None, None)]
        row: tuple[Any, ...] = (run.study, run.dataset, run.method, run.variant, run.paper, run.seed)
        row += (run.id, run.path, result["status"], result.get("reason"))
        for column, entry in zip(columns.values(), row, strict=True):
            column += [entry] * len(pairs)
        measured += [name for name, _ in pairs]
        values += [value for _, value in pairs]
    text = dict.fromkeys((*CELL, "run", "path", "status", "reason", "metric"), pl.String)
    return pl.DataFrame(
        {**columns, "metric": measured, "value": values},
        schema_overrides={**text, "seed": pl.Int64, "value": pl.Float64},
        strict=False,
    ).sort([*CELL, "metric", "seed", "run"], nulls_last=True)


def aggregate(frame: "pl.DataFrame") -> "pl.DataFrame":
    """One row per cell and metric: `mean` over seeds, `n_seeds` that are ok, `status` the worst of the cell's runs.

    A cell without any ok run has one row with a null metric.
    """
    import polars as pl

    cells = (
        frame.unique("run")
        .group_by(CELL)
        .agg(
            pl.col("status").replace_strict({name: i for i, name in enumerate(SEVERITY)}, return_dtype=pl.Int8).max(),
            planned=pl.len(),
        )
        .with_columns(status=pl.col("status").replace_strict(dict(enumerate(SEVERITY)), return_dtype=pl.String))
    )
    numbers = frame.filter(pl.col("metric").is_not_null()).group_by([*CELL, "metric"], maintain_order=True)
    means = numbers.agg(mean=pl.col("value").mean(), n_seeds=pl.len())
    return cells.join(means, on=CELL, how="left", nulls_equal=True).sort([*CELL, "metric"])
