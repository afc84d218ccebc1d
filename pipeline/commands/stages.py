"""The stages of a run: train and evaluate, from plan and prepared data to files in the run's folder."""

import contextlib
import fcntl
import importlib.metadata
import io
import json
import os
import platform
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from pipeline import lookup
from pipeline.errors import UserError
from pipeline.files import canonical, link, part, read_sealed, sound, write_bytes, write_sealed, write_text
from pipeline.planning.model import Plan, Run

CHECKPOINT, LOCK = "checkpoint.safetensors", ".lock"
KEPT = WEIGHTS, HISTORY = "model.safetensors", "history.jsonl"
"""What training leaves beside its last file, and what has a second name beside the result."""
TRAINED, RESULT, PREDICTIONS = "train.json", "result.json", "predictions.npz"
CHECKPOINT_SECONDS = 10.0
COMMIT = "RECOUNT_COMMIT"
"""The variable by which a call tells its jobs the commit, empty where there is none, so that not each of them asks."""
Report = Callable[[dict[str, Any]], None]


def find(plan: Plan, path: str) -> Run:
    """The planned run whose folder, of result or training, is `path`; UserError where the plan has moved on."""
    run = plan.by_path.get(path.rstrip("/")) or plan.by_trained.get(path.rstrip("/"))
    if run is None:
        raise UserError(f"run '{path}' is not in the plan; `python -m pipeline plan` lists what is")
    return run


@contextlib.contextmanager
def alone(folder: Path, identity: str) -> Iterator[Callable[[str], bool]]:
    """Hold a folder, so that a job left over from a killed engine and its successor take turns.

    Yields a function that tells whether a stage's last file is there with this id, and all that it vouches for.
    """
    lock = None
    while lock is None:
        with contextlib.suppress(FileNotFoundError):  # `prune` may take away an empty folder above it
            folder.mkdir(parents=True, exist_ok=True)
            lock = hold(folder)
    with lock:
        for leftover in folder.glob(".*.tmp*"):  # of a killed job: nobody else writes here now
            leftover.unlink()
        yield lambda name: sound(folder / name, identity)


def at_work(folder: Path) -> bool:
    """Whether a job holds the folder."""
    try:
        with (folder / LOCK).open(encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (FileNotFoundError, BlockingIOError) as error:
        return isinstance(error, BlockingIOError)
    return False


def hold(folder: Path, wait: bool = True) -> IO[str] | None:
    """The open lock of a folder, to be closed when done; None where the folder is gone, or taken and not waited for."""
    path = folder / LOCK
    try:
        lock = path.open("w", encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        if os.path.samestat(path.stat(), os.fstat(lock.fileno())):
            return lock
    except (BlockingIOError, FileNotFoundError):  # taken; deleted by `prune` while this process waited
        pass
    lock.close()
    return None


def train(run: Run, plan: Plan, root: Path, report: Report) -> dict[str, Any]:
    """Train and write model.safetensors, history.jsonl and train.json (last) to `run.trained`; train.json's content."""
    from pipeline.training import checkpoint, loop, recorded
    from pipeline.training.device import choose
    from pipeline.training.job import Diverged
    from pipeline.training.warned import unconverged

    folder = root / run.trained
    if not run.trains:
        raise UserError(f"run '{run.path}' has nothing to train: its study scores checkpoints of another")
    began = _now()
    device = choose(run.settings["precision"])
    pause = float(os.environ.get("RECOUNT_CHECKPOINT_SECONDS", CHECKPOINT_SECONDS))
    record: dict[str, Any] = {"id": run.training, "status": "ok", "reason": None, "warnings": [], "started": began}
    rows: list[dict[str, Any]] = []
    state: dict[str, Any] = {}
    kept = recorded.Kept(folder / CHECKPOINT, run.training, record)
    if reason := _unsound_base(run, plan, root):
        record |= {"status": "failed", "reason": reason}
    else:
        job = _job(run, plan, root, device)
        protocol = _protocol(run)
        watch = protocol.watch if run.settings["watch"] else None
        try:
            with unconverged() as record["warnings"]:
                rows = loop.fit(job, protocol.phases(job), kept, pause, report, watch)
        except Diverged as error:
            rows = error.args[1]
            record |= {"status": "diverged", "reason": error.args[0]}
        weights = job.method.state_dict().items()
        state = {name: value for name, value in weights if not name.startswith(job.method.training_only)}
    record["seconds"] = kept.seconds
    record["images_per_second"] = max((row["images_per_second"] for row in rows), default=None)
    record |= {"finished": _now(), "device": device.describe(), "versions": _versions()}
    checkpoint.save(folder / WEIGHTS, state)
    write_text(folder / HISTORY, "".join(canonical(row) + "\n" for row in rows))
    record = write_sealed(folder / TRAINED, record, [folder / name for name in KEPT])
    (folder / CHECKPOINT).unlink(missing_ok=True)
    return record


def evaluate(run: Run, plan: Plan, root: Path) -> dict[str, Any]:
    """Evaluate and write predictions.npz and result.json (last) to `run.path`; result.json's content.

    Weights and history lie there too, as further names of training's files.
    """
    from pipeline.training.device import choose
    from pipeline.training.job import Diverged, Evaluation
    from pipeline.training.warned import unconverged

    folder = root / run.path
    began = _now()
    trained = _training(run, root) if run.trains else {}
    result: dict[str, Any] = {
        "status": trained.get("status", "ok"),
        "reason": trained.get("reason"),
        "warnings": trained.get("warnings", []),
        "images_per_second": trained.get("images_per_second"),
    }
    evaluation = Evaluation({}, {})
    if reason := _unsound_base(run, plan, root):
        result |= {"status": "failed", "reason": reason}
    device = choose(run.settings.get("precision", "auto"))
    clock = time.perf_counter()
    if result["status"] == "ok":
        try:
            with unconverged() as warned:
                evaluation = _evaluate(run, plan, root, device)
            result["warnings"] = [*result["warnings"], *warned]
        except Diverged as error:
            result |= {"status": "diverged", "reason": error.args[0]}
    seconds = {"train": trained.get("seconds", 0.0), "evaluate": time.perf_counter() - clock}
    result |= {
        "metrics": evaluation.metrics,
        "metrics_absent": evaluation.absent,
        "convergence": evaluation.convergence,
        "choices": evaluation.choices,
        "data": evaluation.data,
        **{name: getattr(run, name) for name in ("id", "study", "dataset", "method", "paper", "variant", "seed")},
        "tier": run.settings["tier"],
        "settings": run.settings,
        "versions": _versions(),
        "device": trained.get("device") or device.describe(),
        "seconds": seconds,
        "started": trained.get("started", began),
        "finished": _now(),
        "provenance": {
            "training": run.training,
            "dataset_digest": run.data,
            "code_digest": run.code,
            "needs": list(run.needs),
            "git_commit": _commit(root),
        },
    }
    names = KEPT if run.trains else ()
    for name in names:
        link(part(root / run.trained / TRAINED, trained, name), folder / name)
    _save_arrays(folder / PREDICTIONS, evaluation.arrays)
    return write_sealed(folder / RESULT, result, [folder / name for name in (*names, PREDICTIONS)])


def _training(run: Run, root: Path) -> dict[str, Any]:
    """The run's train.json; UserError where it is missing or not as training left it."""
    return read_sealed(root / run.trained / TRAINED, run.training)


def _unsound_base(run: Run, plan: Plan, root: Path) -> str | None:
    """Why the run cannot be made: the run it builds on gave no weights. None where all is well."""
    for need in run.needs:
        below = plan.by_id[need]
        status = _training(below, root)["status"]
        if status != "ok":
            return f"the run it builds on, {below.path}, is {status}"
    return None


def recipe(run: Run) -> Any:
    """What the run's job is made of."""
    from pipeline.training.job import Recipe

    return Recipe(
        method=(f"methods.{run.family}.{run.method}", run.name),
        modality=run.modality,
        protocol=run.settings["protocol"],
        settings=run.settings,
        dataset=run.dataset,
        study=run.study,
        seed=run.seed,
    )


def _protocol(run: Run) -> ModuleType:
    """The half of the run's protocol that needs torch."""
    return lookup.module(f"protocols.{run.settings['protocol']}.run")


def _job(run: Run, plan: Plan, root: Path, device: Any) -> Any:
    from pipeline import modalities
    from pipeline.training import bases, job

    below = [_trained(plan.by_id[need], plan, root, device).method for need in run.needs]
    base = bases.joined(below, run.settings.get("bases"))
    return job.make(recipe(run), device, lambda key: modalities.load(key, root, run.recipes[key]), base)


def _trained(run: Run, plan: Plan, root: Path, device: Any) -> Any:
    """The run's job with its method as training left it."""
    from pipeline.training import checkpoint
    from pipeline.training.loop import build

    sealed, record = root / run.trained / TRAINED, _training(run, root)
    weights, history = (part(sealed, record, name) for name in KEPT)
    job = _job(run, plan, root, device)
    state = checkpoint.load(weights)
    built = build(job, _protocol(run).phases(job))
    checkpoint.restore(built, state, weights, partly=job.method.training_only)
    job.history.extend(json.loads(line) for line in history.read_text(encoding="utf-8").splitlines())
    return job


def _evaluate(run: Run, plan: Plan, root: Path, device: Any) -> Any:
    from pipeline.training.evidence import evaluate

    # a protocol that reads no data has no job, only what a run is made of
    made = (_trained if run.trains else _job)(run, plan, root, device) if run.dataset else recipe(run)
    return evaluate(_protocol(run).Evidence(made), list(run.metrics))


def _save_arrays(path: Path, arrays: dict[str, Any]) -> None:
    import numpy as np

    content = io.BytesIO()  # written here: numpy's own way of writing hides why it failed
    np.savez(content, **{name: values.cpu().numpy() for name, values in arrays.items()})
    write_bytes(path, content.getvalue())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("torch", "numpy", "torchvision", "scikit-learn"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def commit(root: Path) -> str | None:
    """The git commit, with a plus when the working tree differs from it; None outside a repository."""
    try:
        call = ["git", "-C", str(root), "describe", "--always", "--abbrev=40", "--dirty=+", "--exclude=*"]
        return subprocess.run(call, capture_output=True, encoding="utf-8", check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def _commit(root: Path) -> str | None:
    """The commit that the call has told its jobs; outside of one, that of now."""
    told = os.environ.get(COMMIT)
    return commit(root) if told is None else told or None


def complete(run: Run, root: Path) -> bool:
    """Whether the run's result is there, and is as it was written."""
    try:
        return bool(read_sealed(root / run.path / RESULT, run.id))
    except UserError:
        return False
