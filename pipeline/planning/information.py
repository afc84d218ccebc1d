"""What a run has seen beyond its study's protocol: other images, labels, further streams, what its base has seen.

The protocol is what the study's baseline sees in the variant. Methods that train on the same examples without more are
compared by what they make of them; a method that builds on an encoder of ten times as many images is not.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.planning import code, data, variants

if TYPE_CHECKING:
    from pipeline.planning.model import Plan, Run


@dataclass(frozen=True)
class Seen:
    """Examples of which a training has seen the inputs, and perhaps the labels.

    A run's share of a data set is the beginning of one order, which `imbalance` (most frequent to rarest class, 1 for
    as they come) thins out, so that the larger share has the smaller one in it.
    """

    dataset: str
    """Or a stream that is no part of one."""
    examples: int
    labels: bool
    imbalance: float = 1.0
    held_out: frozenset[int] = frozenset()
    drawn: str = ""
    """What was drawn of the labels, for which study: which are given, which made wrong. Empty for all as they are."""
    by: str = field(default="", compare=False)
    """The run below that has seen them; empty for the run itself."""

    def has(self, other: "Seen") -> bool:
        """Whether who has seen this has seen the other too."""
        inputs = self.dataset == other.dataset and self.examples >= other.examples
        inputs = inputs and self.imbalance <= other.imbalance and self.held_out <= other.held_out
        return inputs and (not other.labels or (self.labels and self.drawn == other.drawn))

    @property
    def words(self) -> str:
        share = f", the most frequent class {self.imbalance:g} times as often as the rarest" * (self.imbalance > 1)
        less = f", without classes {', '.join(map(str, sorted(self.held_out)))}" * bool(self.held_out)
        through = f" (through {self.by})" if self.by else ""
        labels = "with" if self.labels else "without"
        return f"{self.examples:,} examples of {self.dataset} {labels} labels{share}{less}{through}"


@dataclass(frozen=True)
class Information:
    """What a run has seen and been told beyond its protocol; equal where two runs have the same advantage."""

    beyond: frozenset[Seen] = frozenset()
    told: str = ""
    given: tuple[Seen, ...] = field(default=(), compare=False)
    """What the protocol gives."""

    @property
    def words(self) -> str:
        """Empty where there is nothing."""
        told = [self.told] if self.told else []
        seen = sorted(each.words for each in self.beyond)
        given = f" (the protocol gives {' and '.join(each.words for each in self.given) or 'nothing'})"
        return "; ".join(told + seen) + (given if seen else "")


def of(plan: "Plan", run: "Run") -> Information:
    """What the run, one of the plan, has seen beyond what its study's baseline sees in the same variant."""
    if not run.dataset:
        return Information(told=code.method(run.method).told)
    given = tuple(_least(_given(plan, run)))
    beyond = [seen for seen in _seen(plan, run) if not any(each.has(seen) for each in given)]
    return Information(frozenset(beyond), code.method(run.method).told, given)


def _least(given: Iterable[Seen]) -> Iterator[Seen]:
    """Without those that others have in them."""
    left = list(dict.fromkeys(given))
    for each in left:
        if not any(other.has(each) and other != each for other in left):
            yield each


def _given(plan: "Plan", run: "Run") -> Iterator[Seen]:
    study = plan.studies[run.study]
    assert study.baseline is not None
    baseline = _run(plan, study.key, study.baseline, run.variant, run.seed)
    # a variant without the baseline has its budget all the same
    of_variant = baseline or next(other for other in plan.by_study[study.key] if other.variant == run.variant)
    # a protocol of unseen classes gives no image of these, whatever the variant does
    none = {"shots": 0} if "shots" in of_variant.settings else {}
    yield from _trained_on(of_variant.settings | none, study.key, study.baseline)
    if baseline is not None:
        yield from _below(plan, baseline)
    elif code.method(study.baseline).builds_on:
        entry = next(entry for entry in study.methods if entry.key == study.baseline)
        for base in variants.below(study, variants.of(study, run.variant), entry).values():
            below = _run(plan, base.study, base.method, base.variant, run.seed)
            yield from _seen(plan, below) if below else ()


def _seen(plan: "Plan", run: "Run", by: str = "") -> Iterator[Seen]:
    """All that the run's training has seen, and the trainings that it builds on."""
    if run.settings.get("epochs"):
        yield from _trained_on(run.settings, run.study, run.method, by)
    yield from _below(plan, run)


def _below(plan: "Plan", run: "Run") -> Iterator[Seen]:
    for below in (plan.by_id[need] for need in run.needs):
        variant = "" if below.variant == "default" else f", {below.variant}"
        yield from _seen(plan, below, f"{below.method} of study {below.study}{variant}")


def _run(plan: "Plan", study: str, *wanted: str | int) -> "Run | None":
    """A study's run of a method, variant and seed, if the plan has it."""
    runs: Iterable[Run] = plan.by_study.get(study, [])
    return next((run for run in runs if (run.method, run.variant, run.seed) == wanted), None)


def _trained_on(settings: dict[str, Any], study: str, method: str, by: str = "") -> Iterator[Seen]:
    """The training set, with its labels where the method uses them, and the streams that the method reads."""
    info, dataset = code.method(method), settings["dataset"]
    count = settings["train_examples"] or data.describe(dataset).train_examples
    inputs: dict[str, Any] = {
        "dataset": dataset,
        "examples": count - settings["validation_examples"],
        "imbalance": settings.get("imbalance") or 1.0,
        "held_out": frozenset(settings["held_out_classes"]),
        "by": by,
    }
    if (shots := settings.get("shots")) is not None:
        # a class's share is as large as any other's
        split, each = settings["classes"], inputs["examples"] // len(data.describe(dataset).classes)
        inputs |= {"dataset": f"the seen classes of {dataset}", "examples": each * split["seen"]}
        if shots:
            count = min(shots, each) * split["unseen"]
            yield Seen(f"the unseen classes of {dataset}", count, labels=info.uses_labels, by=by)
    labelled = settings.get("labelled_examples")
    draws = ("labelled_examples", "labelled_share", "label_noise")
    drawn = [f"{name} {settings[name]}" for name in draws if settings.get(name)]
    told = " ".join([study, *drawn]) if drawn and info.uses_labels else ""
    trained = inputs | {"examples": labelled} if labelled else inputs
    yield Seen(**trained, labels=info.uses_labels, drawn=told)
    for stream in info.streams:
        # a stream with settings of its own is made for the study; the others are of the training set
        made = {"dataset": f"the stream {stream}", **settings[stream], "by": by} if settings.get(stream) else inputs
        if share := settings.get("unknown_share"):
            made = made | {"dataset": f"{dataset} ({share:.0%} of them of classes held out)", "held_out": frozenset()}
        yield Seen(**{name: made[name] for name in inputs if name in made}, labels=False)
