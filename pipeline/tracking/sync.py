"""The whole plan: what the store does not hold yet, and the exhibits."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import UserError
from pipeline.exhibits import outputs
from pipeline.files import digest, sha256
from pipeline.tracking.reach import UnreachableError, try_again
from pipeline.tracking.runs import finished, holds, mirror
from pipeline.tracking.store import Store, answering, lock, opened, quietly, shown_uri, store_uri, text


@dataclass
class Summary:
    """What `sync` did. `missing` are planned runs without a result; `retired` those newly marked as not planned."""

    uri: str
    sent: int = 0
    present: int = 0
    missing: int = 0
    retired: int = 0
    exhibits: int = 0

    def __str__(self) -> str:
        text = f"{self.uri}: {self.sent} runs sent, {self.present} already there"
        text += f", {self.missing} not finished yet" if self.missing else ""
        text += f", {self.retired} no longer planned" if self.retired else ""
        return text + (f"; {self.exhibits} sets of exhibits sent" if self.exhibits else "")


def sync(plan: Any, root: Path = Path(), runs: Sequence[Any] | None = None, exhibits: bool = True) -> Summary:
    """Send what the store does not hold yet: finished runs of the plan (or `runs` of it), tables, figures, report.

    Also keeps `recount.current`: 'false' on runs of the plan's studies and tier that are no longer planned.
    Raises UserError, one line with the address, where the store cannot be used.
    """
    try_again(store_uri(root))
    uri = shown_uri(root)
    summary = Summary(uri)
    try:
        answering(root, 10.0)
        with quietly(30, 3):
            with lock(root):
                store = opened(root, 10.0, thorough=True)
            wanted = [run for run in plan.runs if plan.makes(run)] if runs is None else list(runs)
            for study in dict.fromkeys(run.study for run in wanted):
                _sync_study(store, plan, study, [run for run in wanted if run.study == study], summary)
            if exhibits:
                for name, files in _exhibits(plan, Path(root)).items():
                    summary.exhibits += _send_exhibits(store, name, files)
    except UnreachableError as error:
        raise UserError(f"tracking store {uri}: {error}; mend it or set MLFLOW_TRACKING_URI, then run again") from None
    return summary


def _sync_study(store: Store, plan: Any, study: str, runs: list[Any], summary: Summary) -> None:
    experiment = store.experiment(study, make=False)
    tracked = {run.data.tags["recount.id"]: run for run in store.search(experiment, kind="run")} if experiment else {}
    for run in runs:
        found = finished(run, store.root)
        if found is None:
            summary.missing += 1
        elif run.id in tracked and holds(tracked[run.id], found[2]):
            summary.present += 1
        else:
            # the lock is taken for each run, so that jobs that end meanwhile need not wait for all
            with lock(store.root):
                mirror(store, run, *found)
            summary.sent += 1
    experiment = store.experiment(study, make=False)
    if experiment:
        _describe(store, experiment, plan.studies[study], plan.tier)
    planned = {run.id for run in plan.runs}
    for identity, run in tracked.items():
        current = text(identity in planned)
        if run.data.tags.get("tier") == plan.tier and run.data.tags.get("recount.current") != current:
            store.batch(run, tags={"recount.current": current})
            summary.retired += identity not in planned


def _describe(store: Store, experiment: str, study: Any, tier: str) -> None:
    """The experiment's title and a shared view of the tier's runs: methods and variants side by side, means over seeds.

    MLflow's pages open it at `.../experiments/<id>/runs?viewStateShareKey=methods`. The view's keys are those of
    MLflow 3.17; another version may ignore it.
    """
    metrics = list(study.metrics) or study.measured  # of theorems, which have no order
    view = {
        "searchFilter": f"tags.`recount.kind` = 'run' and tags.`recount.current` = 'true' and tags.tier = '{tier}'",
        "orderByKey": f"metrics.`{metrics[0]}`",
        "orderByAsc": study.metrics.get(metrics[0]) == "lower",
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "modelVersionFilter": "All Runs",
        "datasetsFilter": [],
        "selectedColumns": [*(f"metrics.`{name}`" for name in metrics), *(f"tags.`{n}`" for n in ("seed", "status"))],
        "groupBy": {
            "aggregateFunction": "average",
            "groupByKeys": [{"mode": "tag", "groupByData": "cell"}],
        },
        "runsHiddenMode": "FIRST_20_RUNS",
        "useGroupedValuesInCharts": True,
        "hideEmptyCharts": True,
    }
    tags = {
        "mlflow.experimentKind": "custom_model_development",
        "mlflow.note.content": study.title,
        "mlflow.sharedViewState.methods": json.dumps(view),
    }
    held = store.client.get_experiment(experiment).tags
    for name, value in tags.items():
        if held.get(name) != value:
            store.client.set_experiment_tag(experiment, name, value)


def _exhibits(plan: Any, root: Path) -> dict[str, dict[str, Path]]:
    """Experiment -> artifact folder/name -> file, of the exhibits that are there.

    Raises UserError where one of them was changed since it was made.
    """
    for name in ("claims", "report", *(f"table-{study}" for study in plan.studies)):
        outputs.verify_made(name, root)
    found: dict[str, dict[str, Path]] = {}
    results = root / "results"
    for study in plan.studies:
        figures = sorted((results / "figures").glob(f"{study}-*"))
        found[study] = {f"tables/{path.name}": path for path in sorted((results / "tables").glob(f"{study}.*"))}
        found[study] |= {f"figures/{path.name}": path for path in figures}
    pages = ["claims.csv", "report.html", *(f"report/{study}.html" for study in plan.studies)]
    found["report"] = {name: results / name for name in pages if (results / name).is_file()}
    return {name: files for name, files in found.items() if files}


def _send_exhibits(store: Store, name: str, files: Mapping[str, Path]) -> bool:
    """Put the files on the experiment's exhibits run in place of those it has; False when they are there already."""
    sent = digest({place: sha256(path) for place, path in files.items()})
    with lock(store.root):
        experiment = store.experiment(name) or ""
        tags = {} if name == "report" else {"study": name}
        identity = f"exhibits:{name}"
        run = store.one(experiment, "exhibits", identity, "exhibits", tags, int(time.time() * 1000))
        before = run.data.tags
        if before.get("recount.sent") == sent:
            return False
        repository = store.artifacts(run)
        for stale in set(before.get("recount.files", "").split(",")) - set(files) - {""}:
            repository.delete_artifacts(stale)
        for place, path in files.items():
            repository.log_artifact(str(path), str(Path(place).parent) if "/" in place else None)
        store.client.set_terminated(run.info.run_id)
        store.batch(run, tags={"recount.files": ",".join(sorted(files)), "recount.sent": sent})
    return True
