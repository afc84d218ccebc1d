"""The study that searches another one's learning rates, and what it found.

A search is a study too: its variants are the rates, its runs are measured on training images kept out of training. So
it is scheduled, resumed, tracked and tabulated like everything else, and no code runs methods a second way.
"""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import UserError
from pipeline.files import read_json, write_text
from pipeline.planning import code, expand
from pipeline.planning.model import Plan, Run, Study
from pipeline.schema import read_yaml

ENDING = "_search"
"""Of the name of the study that searches another one's learning rates."""


def study_of(study: Study, tier: str) -> Study:
    """The study that tries the learning rates of `study.search`, each as a variant, on validation examples.

    A method that is not part of the default variant is tried in the first one that it is part of.
    """
    if tier not in study.search:
        raise UserError(f"studies/{study.key}.yaml: has no search.{tier}, which says what learning rates to try")
    search = study.search[tier]
    homes = {entry.key: (entry.only or ["default"])[0] for entry in study.methods if code.method(entry.key).trains}
    variants = {}
    for home, rate in itertools.product(dict.fromkeys(homes.values()), search.learning_rates):
        changes = {k: v for k, v in study.variants[home].items() if k != "methods"}
        tried = [key for key, at in homes.items() if at == home]
        name = ("" if home == "default" else f"{home}_") + f"rate_{rate:f}".rstrip("0").replace(".", "p")
        variants[name] = expand.merge(changes, {"optimizer": {"learning_rate": rate}, "methods": tried})
    own: dict[str, Any] = {"validation_examples": search.validation_examples, "seeds": search.seeds}
    own |= {"evaluate_on": "validation"} | ({"train_examples": search.train_examples} if search.train_examples else {})
    entries = [e.model_copy(update={"only": None}) for e in study.methods if e.key in homes]
    changed = {
        "key": study.key + ENDING,
        "title": f"{study.title}: search of learning rates",
        "selection": "last epoch; measured on training images that were kept out of training",
        "search": {},
        "rates": {},
        "budget": {tier: expand.merge(study.budget[tier], own)},
        "variants": variants,
        "methods": entries,
        "figures": [],
    }
    return study.model_copy(update=changed)


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
    for run in plan.study_runs(study + ENDING):
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


def write(found: list[Choice], study: str, tier: str, root: Path = Path()) -> Path:
    """Write the best rates to studies/<study>.rates.yaml, those of other tiers kept; return its path."""
    import yaml

    path = root / f"studies/{study}.rates.yaml"
    rates = read_yaml(path) if path.exists() else {}
    rates[tier] = {choice.method: choice.best for choice in found if choice.best is not None}
    head = f"# The learning rates that `make search STUDY={study}` chose, by tier and method.\n"
    write_text(path, head + yaml.safe_dump(rates, sort_keys=False))
    return path
