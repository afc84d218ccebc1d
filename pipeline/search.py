"""What a study's search of learning rates found, beside what the study says."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UserError
from pipeline.files import read_json
from pipeline.plan import SEARCH, Plan, Run


@dataclass(frozen=True)
class Choice:
    """One method's search. scores: learning rate -> the mean of the metric over the search's seeds, on validation
    examples; None where a run gave no number.
    """

    method: str
    scores: dict[float, float | None]
    stated: float
    """The rate of the study's own runs."""
    higher: bool

    @property
    def best(self) -> float | None:
        """The rate with the best score; of equals the smallest."""
        scores = {rate: score for rate, score in self.scores.items() if score is not None}
        if not scores:
            return None
        best = max(scores.values()) if self.higher else min(scores.values())
        return min(rate for rate, score in scores.items() if score == best)


def choices(plan: Plan, study: str, root: Path = Path()) -> list[Choice]:
    """The search of `study`, a method a line, in the study's order. UserError where it has not been run."""
    found: dict[str, dict[float, list[float | None]]] = {}
    metric, direction = next(iter(plan.study(study).metrics.items()))
    for run in plan.study_runs(study + SEARCH):
        path = root / run.path / "result.json"
        if not path.is_file():
            raise UserError(f"{path}: missing; `make search STUDY={study}` runs the search")
        scores = found.setdefault(run.method, {}).setdefault(rate_of(run), [])
        scores.append(read_json(path)["metrics"].get(metric))
    stated = {run.method: rate_of(run) for run in reversed(plan.study_runs(study)) if run.trains}
    return [
        Choice(method, {rate: _mean(scores) for rate, scores in rates.items()}, stated[method], direction == "higher")
        for method, rates in found.items()
    ]


def rate_of(run: Run) -> float:
    return float(run.settings["optimizer"]["learning_rate"])


def _mean(scores: list[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if len(known) == len(scores) else None
