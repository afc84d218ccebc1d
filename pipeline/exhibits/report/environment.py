"""On which machines and when the runs were made, and which share of the time was work."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pipeline.exhibits import labels


def facts(results: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Facts and their values, each with the number of runs where runs differ."""
    found: dict[str, Counter[str]] = {}
    for result in results:
        device = result.get("device") or {}
        of_run = {f"device {name}": device.get(name) for name in ("name", "kind", "precision", "threads")}
        for name, value in (of_run | (result.get("versions") or {})).items():
            if value not in (None, ""):
                found.setdefault(name, Counter())[str(value)] += 1
    return [(name, _spread(seen)) for name, seen in found.items()]


def _spread(seen: Counter[str]) -> str:
    if len(seen) == 1:
        return next(iter(seen))
    return ", ".join(f"{value} ({labels.count(runs, 'run')})" for value, runs in sorted(seen.items()))


def commits(results: list[dict[str, Any]]) -> list[str]:
    """The git commits that the runs were made at."""
    return sorted({(result.get("provenance") or {}).get("git_commit") or "" for result in results} - {""})


def latest(results: list[dict[str, Any]]) -> str:
    """When the last run ended, ISO 8601; empty where runs do not say."""
    return max((result["finished"] for result in results if result.get("finished")), default="")


def work(results: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The share of wall time spent in training and evaluation; None where the runs do not say when they ran.

    (training + evaluation seconds) x threads / (cores x span). The cores used are the most threads at work at once:
    a run trains from its start and is evaluated up to its end; between the two it may wait for others.
    """
    timed = [_times(result) for result in results if result.get("started") and result.get("finished")]
    ends = [end for times in timed for end in (times.began, times.ended)]
    span = (max(ends) - min(ends)).total_seconds() if ends else 0.0
    most = _most_at_work(timed)
    if span <= 0 or most == 0:
        return None
    spent = sum(times.threads * (times.trained + times.evaluated) for times in timed)
    return {
        "train": labels.duration(sum(times.trained for times in timed)),
        "evaluate": labels.duration(sum(times.evaluated for times in timed)),
        "spent": f"{spent:,.0f}",
        "cores": most,
        "span": f"{span:,.0f}",
        "share": f"{100 * spent / (most * span):.0f}",
        "began": min(ends).strftime("%Y-%m-%d %H:%M UTC"),
        "ended": max(ends).strftime("%Y-%m-%d %H:%M UTC"),
    }


class Times(NamedTuple):
    """When a run began and ended, its seconds of training and of evaluation, its threads."""

    began: datetime
    ended: datetime
    trained: float
    evaluated: float
    threads: int
    """A GPU counts as one."""


def _times(result: dict[str, Any]) -> Times:
    began, ended = (datetime.fromisoformat(result[name]) for name in ("started", "finished"))
    device, seconds = result.get("device") or {}, result.get("seconds") or {}
    threads = (device.get("threads") or 1) if device.get("kind", "cpu") == "cpu" else 1
    return Times(began, ended, seconds.get("train") or 0.0, seconds.get("evaluate") or 0.0, threads)


def _most_at_work(timed: list[Times]) -> int:
    events: list[tuple[datetime, int]] = []
    for began, ended, trained, evaluated, threads in timed:
        events += [(began, threads), (began + timedelta(seconds=trained), -threads)]
        events += [(ended - timedelta(seconds=evaluated), threads), (ended, -threads)]
    level = most = 0
    for _, change in sorted(events):
        level += change
        most = max(most, level)
    return most
