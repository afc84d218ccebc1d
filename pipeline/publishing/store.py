"""Reading and writing published/<study>/: CSV files, and a sealed one that vouches for them."""

import contextlib
import csv
import functools
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.errors import UserError
from pipeline.files import matching, part, read_sealed, write_sealed, write_text, written

FOLDER = Path("published")
SEAL = "published.json"
RUNS, TABLE, CLAIMS, PHENOMENA, REPLICATION = "runs", "table", "claims", "phenomena", "replication"
NEEDED = (RUNS, TABLE, CLAIMS, PHENOMENA)
"""The files that every published study has."""
REMEDY = "`git checkout {folder}` brings it back; `python -m pipeline publish STUDY` writes it anew from complete runs"
HEAD = ["id", "dataset", "method", "variant", "seed", "tier", "status", "reason"]
TAIL = ["train_seconds", "evaluate_seconds", "device", "precision", "threads", "versions", "commit"]
"""The columns of runs.csv before and after the metrics."""
Lines = list[dict[str, str]]


@dataclass(frozen=True)
class PublishedRun:
    """A published run, as the exhibits read a planned one. `settings` and `paper` are those of the planned cell."""

    id: str
    study: str
    dataset: str
    method: str
    variant: str
    seed: int
    tier: str
    result: Mapping[str, Any] = field(repr=False)
    """What the exhibits read of a result."""
    paper: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def path(self) -> str:
        """Where its numbers stand."""
        return f"{FOLDER}/{self.study}/{RUNS}.csv"

    @property
    def metrics(self) -> dict[str, float]:
        return dict(self.result["metrics"])


@dataclass(frozen=True)
class Published:
    """What is published of a study."""

    study: str
    tier: str
    seal: str
    files: Mapping[str, Lines]

    @cached_property
    def runs(self) -> list[PublishedRun]:
        return [_run(self.study, line) for line in self.files[RUNS]]

    @cached_property
    def by_id(self) -> dict[str, PublishedRun]:
        return {run.id: run for run in self.runs}

    @cached_property
    def cells(self) -> dict[tuple[str, str], list[PublishedRun]]:
        """(variant, method) -> its runs by seed."""
        found: dict[tuple[str, str], list[PublishedRun]] = {}
        for run in sorted(self.runs, key=lambda run: run.seed):
            found.setdefault((run.variant, run.method), []).append(run)
        return found

    @cached_property
    def table(self) -> dict[tuple[str, str], dict[str, dict[str, str]]]:
        """(variant, method) -> metric -> its line."""
        found: dict[tuple[str, str], dict[str, dict[str, str]]] = {}
        for line in self.files[TABLE]:
            found.setdefault((line["variant"], line["method"]), {})[line["metric"]] = line
        return found

    @cached_property
    def claims(self) -> dict[tuple[str, str], dict[str, str]]:
        """(paper, claim) -> its line."""
        return {(line["paper"], line["claim"]): line for line in self.files[CLAIMS]}

    @cached_property
    def phenomena(self) -> dict[str, dict[str, str]]:
        return {line["phenomenon"]: line for line in self.files[PHENOMENA]}

    @property
    def replication(self) -> Lines:
        """How the claims that are published came out with other seeds, those lines alone whose verdict is still the
        published one; empty where that was not tried."""
        kept = ("verdict", "answered")
        known = {key: [line[name] for name in kept] for key, line in self.claims.items()}
        lines = self.files.get(REPLICATION, [])
        return [line for line in lines if known.get((line["paper"], line["claim"])) == [line[name] for name in kept]]


def device(described: Mapping[str, Any]) -> str:
    """A device in a word: its name, and what its maker calls it in numbers."""
    return f"{described['name']} ({described['model']})" if described.get("model") else str(described["name"])


def versions(result: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={version}" for name, version in sorted(result["versions"].items()))


def _run(study: str, line: Mapping[str, str]) -> PublishedRun:
    metrics = [name for name in line if name not in HEAD and name not in TAIL]
    result = {
        "status": line["status"],
        "reason": line["reason"] or None,
        "metrics": {metric: float(line[metric]) for metric in metrics if line[metric]},
        "device": {
            "name": line["device"],
            "precision": line["precision"],
            "threads": int(line["threads"]),
        },
        "versions": dict(pair.split("=", 1) for pair in line["versions"].split()),
        "seconds": {"train": float(line["train_seconds"]), "evaluate": float(line["evaluate_seconds"])},
    }
    return PublishedRun(
        id=line["id"],
        study=study,
        dataset=line["dataset"],
        method=line["method"],
        variant=line["variant"],
        seed=int(line["seed"]),
        tier=line["tier"],
        result=result,
    )


def read(study: str, root: Path = Path()) -> Published | None:
    """What is published of a study; None where nothing is. UserError, one line, where a file was changed or cut."""
    folder = root / FOLDER / study
    if not folder.is_dir():
        return None
    states = ((path, path.stat()) for path in matching(folder, "*"))
    return _read(study, folder, tuple((path.name, state.st_mtime_ns, state.st_size) for path, state in states))


@functools.lru_cache(maxsize=64)
def _read(study: str, folder: Path, states: tuple[tuple[str, int, int], ...]) -> Published:
    """states: of all files there, name, time and size, by which what was changed since is read again."""
    remedy, path = REMEDY.replace("STUDY", study), folder / SEAL
    if SEAL not in [name for name, *_ in states]:
        raise UserError(f"{path}: missing; {remedy.format(folder=folder)}")
    try:
        record = read_sealed(path, None, remedy)
        paths = [part(path, record, name, remedy) for name in record["files"]]
        files = {file.stem: list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")))) for file in paths}
        found = Published(study, record["tier"], record["seal"], {name: files[name] for name in (*NEEDED, *files)})
        for name in ("runs", "table", "claims", "phenomena"):  # what is wrong with a line shows where it is looked at
            getattr(found, name)
    except (KeyError, ValueError, TypeError) as error:
        raise UserError(f"{path}: not a published result ({error}); {remedy.format(folder=folder)}") from None
    return found


Table = tuple[Sequence[str], Iterable[Sequence[str]]]
"""Columns, and lines."""


def write(study: str, tier: str, files: Mapping[str, Table], root: Path) -> list[Path]:
    """Write files of published/<study>/, each from its columns and lines. Others of the same tier that are as they were
    written stay; what nothing vouches for goes. The sealed file comes last. Return the paths."""
    folder, there = root / FOLDER / study, None
    with contextlib.suppress(UserError):
        there = read(study, root)
    stay = there.files if there and there.tier == tier else {}
    for path in written(folder, "*.csv"):
        if path.stem not in {*files, *stay}:
            path.unlink()
    for name, (columns, lines) in files.items():
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(lines)
        write_text(folder / f"{name}.csv", text.getvalue())
    paths = written(folder, "*.csv")
    write_sealed(folder / SEAL, {"study": study, "tier": tier}, paths)
    return [*paths, folder / SEAL]
