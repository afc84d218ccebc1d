"""Schemas of params.yaml, studies/*.yaml and papers/*.yaml, and what a plan is."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import AliasChoices, Field, RootModel, model_validator

from pipeline.errors import unknown
from pipeline.schema import Count, Direction, Distinct, Line, Note, Positive, Rate, Seeds, Some, Strict, Whole

if TYPE_CHECKING:
    from pipeline.planning.information import Information
    from pipeline.planning.scope import Scope
    from pipeline.publishing.store import Published


class Base(Strict):
    """The run of another study that a run builds on; the seed is the run's own."""

    study: str
    method: str
    variant: str = "default"


class Based(Strict):
    """What names the runs that methods build on: one, or several by the names that a method has for them."""

    base: Base | None = None
    bases: dict[str, Base] = {}

    @model_validator(mode="after")
    def _one_or_several(self) -> "Based":
        if self.base and self.bases:
            raise ValueError("base and bases exclude each other: one run, or several by name")
        return self

    @property
    def below(self) -> dict[str, Base]:
        """All of them by name; that of `base` is empty."""
        return {"": self.base} if self.base else self.bases


class Variant(Based):
    """What a variant of a study changes beside budget keys. Its bases are those of its methods that build on others."""

    methods: Some[str] | None = None
    """Which of the study's methods it has; null for all."""
    settings: dict[str, Any] = {}
    """For those of its methods that have them; at least one must."""


class MethodEntry(Based):
    """A line of a study: a method, its settings where they differ from its defaults, and departures.

    `reduced` are settings for the tiers that the study calls reduced, where a run is too short or too small for those
    of the paper.
    `budget` overrides the study's protocol for this method alone; `why` says why and becomes a footnote.
    `reference` marks a floor or ceiling: shown and compared with the baseline, not ranked.
    `base` is the run that it builds on; a variant's goes before it, the study's behind.
    """

    key: str
    settings: dict[str, Any] = {}
    reduced: dict[str, Any] = {}
    budget: dict[str, Any] = {}
    why: Note = ""
    reference: bool = False
    only: Some[str] | None = None
    """The variants that it is part of; null for all that do not name other methods."""

    @model_validator(mode="before")
    @classmethod
    def _key_alone(cls, value: Any) -> Any:
        return {"key": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _departures_are_explained(self) -> "MethodEntry":
        if self.budget and not self.why:
            raise ValueError("a method with a budget of its own must say why")
        return self


class Place(Strict):
    """A cell of a study."""

    method: str
    variant: str = "default"

    @model_validator(mode="before")
    @classmethod
    def _method_alone(cls, value: Any) -> Any:
        return {"method": value} if isinstance(value, str) else value


Key = Annotated[str, Field(pattern="^[a-z0-9]+([-_][a-z0-9]+)*$", max_length=64)]
"""Small letters and digits, joined by hyphens or underscores: it names a place on a page."""


class Phenomenon(Strict):
    """What a study is about, stated so that its runs can show it or not: `metric` of `method`, or what it has more
    than `than`, lies above or below a bound. Both sides as in a claim's test, and without a sign of their own."""

    id: Key
    statement: Line
    metric: str
    method: str
    variant: str = "default"
    than: str | None = None
    than_variant: str | None = None
    than_metric: str | None = None
    above: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _is_a_statement(self) -> "Phenomenon":
        if (self.above is None) is (self.below is None):
            raise ValueError("needs a bound: either 'above' or 'below'")
        if self.than is None and (self.than_variant or self.than_metric):
            raise ValueError("'than_variant' and 'than_metric' are of 'than', a method, which is missing")
        if self.than is not None and self.sides[0][1:] == self.sides[1][1:]:
            raise ValueError(f"'{self.method}' is compared with itself; name another method, variant or metric")
        return self

    @property
    def sides(self) -> "list[Side]":
        """What is added, and what is taken away."""
        sides = [Side(1.0, self.method, self.variant, self.metric)]
        if self.than is not None:
            than = Side(-1.0, self.than, self.than_variant or self.variant, self.than_metric or self.metric)
            sides.append(than)
        return sides


class Search(Strict):
    """How a study's learning rates are chosen at a tier: the study STUDY_search tries all of them for all methods.

    Where a method is best at an end of the range, rates beyond it are tried, until the best is inside; then, at the
    best rate, the values of `settings`, or rates beside the best for a method that has none there.

    What is compared is the study's first metric on `validation_examples`, which are not trained on; as many examples
    are trained on as in the study, where there are enough. Where a method learns for another metric than that, `by`
    says for which: of a network that has seen no attack, the one that has learned least withstands them best.
    """

    learning_rates: Annotated[Distinct[Rate], Field(min_length=2)]
    """Where a variant or a method's line states a rate of its own, in proportion to it."""
    least: Rate | None = None
    """No lower rate is tried, where a study is about what slow training does not show."""
    settings: dict[str, dict[str, Annotated[list[Any], Field(min_length=2)]]] = {}
    """Method -> setting -> values: what its paper says matters most beside the rate."""
    by: dict[str, str] = {}
    """Method -> metric."""
    validation_examples: Count
    seeds: Seeds = 1

    @model_validator(mode="after")
    def _rates_are_allowed(self) -> "Search":
        if self.least is not None and (lower := [rate for rate in self.learning_rates if rate < self.least]):
            raise ValueError(f"learning_rates: {lower[0]:g} is below 'least', {self.least:g}")
        return self


class Tried(Strict):
    """What a search tried of a method: a learning rate, and settings that are not the study's own."""

    learning_rate: Rate
    settings: dict[str, Any] = {}


class Chosen(Tried):
    """What a search chose for a method, and what it tried beyond the study's `learning_rates`."""

    further: list[Tried] = []


class Rates(RootModel[dict[str, dict[str, dict[str, Chosen]]]]):
    """studies/<study>.rates.yaml: tier -> variant -> method -> what the search chose.

    It holds in all variants whose steps are those of this one.
    """


class Study(Strict):
    key: str
    title: Line
    summary: Note = ""
    """What it compares, in a sentence or two: for the README, the results and the report."""
    protocol: Annotated[str, Field(validation_alias=AliasChoices("protocol", "driver"))]
    """A folder of pipeline/protocols/."""
    dataset: str | None = None
    """None where the protocol reads none."""
    baseline: str | None = None
    """What methods are compared with; None where nothing is, as where theorems are checked."""
    floor: str | None = None
    """Its method that has learned nothing, such as an untrained encoder: what is not better has not learned either."""
    ceiling: Place | None = None
    """What nobody can be expected to be better than, such as training with all labels, or with the right ones."""
    phenomena: list[Phenomenon] = []
    """What must be seen for a comparison to mean anything: that wrong labels are memorised, say, where methods against
    that are compared."""
    resolution: dict[str, Positive] = {}
    """Metric -> the smallest difference that a reader would care about."""
    core: dict[str, Some[str]] = {}
    """Variant -> methods: cells that are made anew though their results are published, beside `essential`."""
    selection: Line = "last epoch, no model selection"
    """Printed above the table: how the evaluated model was chosen."""
    metrics: dict[str, Direction] = {}
    """The table's columns and their directions; the first orders the rows. None where a table's rows are theorems."""
    further_metrics: Distinct[str] = []
    """Measured too: for claims, figures and the CSV."""
    base: Base | None = None
    budget: Annotated[dict[str, dict[str, Any]], Field(min_length=1)]
    variants: Annotated[dict[str, dict[str, Any]], Field(min_length=1)] = {"default": {}}
    """Variant -> budget overrides, and the keys of `Variant`."""
    methods: Annotated[list[MethodEntry], Field(min_length=1)]
    search: dict[str, Search] = {}
    """By tier."""
    reduced: Distinct[str] = []
    """The tiers at which methods have the settings in their `reduced`."""
    figures: Distinct[str] = []
    """Extra figures, by the name of a module in pipeline/exhibits/figures/."""
    rates: dict[str, dict[str, dict[str, Chosen]]] = {}
    """From a file of its own: `Rates`."""

    @property
    def essential(self) -> frozenset[tuple[str, str]]:
        """The cells (variant, method) of its core: those it names, baseline, floor and ceiling."""
        first = next(iter(self.variants))
        named = {(variant, method) for variant, methods in self.core.items() for method in methods}
        ends = {(first, method) for method in (self.baseline, self.floor) if method}
        if self.ceiling:
            ends.add((self.ceiling.variant, self.ceiling.method))
        return frozenset(named | ends)

    @property
    def measured(self) -> list[str]:
        """Every metric, the table's first."""
        return list(dict.fromkeys([*self.metrics, *self.further_metrics]))


class Params(Strict):
    tier: str = "laptop"
    studies: Some[str]
    seeds: Seeds | None = None
    """Replaces every study's number of seeds."""
    first_seed: Whole = 0
    """Seeds count from here: the same plan with disjoint ones shows how far verdicts are the seeds'."""
    rerun: Literal["core", "all", "none"] = "core"
    """What is made here although its results are published: each study's core, everything, nothing."""
    overrides: dict[str, dict[str, Any]] = {}
    """Study -> budget keys, for trying something without editing the study."""


class Test(Strict):
    """`metric` of `better` minus that of `than`, both in `variant`; positive is what the claim says.

    Or `metric` of `better` less that of `than`, if there is one, `equals` a number, to `within` so much either way,
    which is fixed beforehand: supported where the whole interval lies within it, contradicted where it lies outside.

    `than` is a method, or a number such as chance level. A method's side may have a variant and a metric of its own,
    `than_variant` and `than_metric`: two settings of one method, or two measurements of one encoder.

    `despite` says why sides are compared though one has seen more than the other (`planning.information`): other
    images, labels, a stream. Without it such a claim is inconclusive.

    The sign follows the direction of `metric` in the study unless `direction` says otherwise. With `relative_to`
    the effect is the difference in `variant` minus the difference in `relative_to`. `margin` is subtracted.
    """

    study: str
    metric: str
    better: str
    than: str | float | None = None
    variant: str = "default"
    than_variant: str | None = None
    than_metric: str | None = None
    relative_to: str | None = None
    margin: float = 0.0
    direction: Direction | None = None
    despite: Note = ""
    equals: float | None = None
    within: Positive | None = None

    @model_validator(mode="after")
    def _sides_can_be_compared(self) -> "Test":
        if (self.equals is None) is not (self.within is None):
            raise ValueError("'equals' and 'within' go together: a number, and how far from it is near enough")
        if self.than is None and self.equals is None:
            raise ValueError("'than' is missing: what 'better' is held against, a method or a number")
        if self.equals is not None and (isinstance(self.than, float) or self.direction or self.margin):
            raise ValueError("'equals' is a test of two sides; take the number in 'than', 'direction' and 'margin' out")
        given = [name for name in ("than_variant", "than_metric") if getattr(self, name) is not None]
        if given and not isinstance(self.than, str):
            number = "is missing" if self.than is None else f"= {self.than:g} is a number"
            raise ValueError(f"'{given[0]}' is a method's, and than {number}")
        if self.than_variant is not None and self.relative_to is not None:
            raise ValueError("'than_variant' and 'relative_to' exclude each other: in which variants are the sides?")
        other = (self.than, self.than_variant or self.variant, self.than_metric or self.metric)
        if (self.better, self.variant, self.metric) == other:
            raise ValueError(f"'{self.better}' is compared with itself; name another method, variant or metric")
        return self

    @property
    def sides(self) -> "list[Side]":
        """What is added and what is taken away: two sides, or four where differences are compared."""
        sides = [Side(1.0, self.better, self.variant, self.metric)]
        if isinstance(self.than, str):
            than = Side(-1.0, self.than, self.than_variant or self.variant, self.than_metric or self.metric)
            sides.append(than)
        if self.relative_to is not None:
            sides += [side._replace(weight=-side.weight, variant=self.relative_to) for side in sides]
        return sides


class Side(NamedTuple):
    """A cell of a comparison, and with which sign it counts."""

    weight: float
    method: str
    variant: str
    metric: str


class Claim(Strict):
    id: Key
    statement: Line
    test: Test | None = None
    why_not: Note = ""
    """Why a claim without a test cannot be tested here."""
    control_of: Key | None = None
    """The claim whose negative control it is: with an assumption removed the effect must be gone, the rate another one,
    the bound free to fail. Controls are ours, and not counted among the papers' claims."""


class Reported(Strict):
    """A number the paper itself reports, shown as context and never compared with ours."""

    method: str | None = None
    dataset: Line
    metric: Line
    value: float
    setting: Note = ""


class Paper(Strict):
    key: str
    title: Line
    authors: Some[Line]
    year: Annotated[int, Field(ge=1600, le=2200)]
    url: Annotated[str, Field(pattern=r"^(https?://[^\s<>\"]+)?$")] = ""
    """On the web; empty where the paper is not."""
    catalogue: Count | None = None
    methods: Distinct[str] = []
    claims: list[Claim] = []
    reported: list[Reported] = []
    status: Literal["works", "partial", "planned", "theory", "out_of_reach"]
    reason: Note = ""

    @model_validator(mode="after")
    def _reasons_are_given(self) -> "Paper":
        if self.status in ("theory", "out_of_reach") and not self.reason:
            raise ValueError(f"status '{self.status}' needs a reason")
        return self


@dataclass(frozen=True)
class Run:
    """Study x data set x method x variant x seed, fully resolved: one training, if it trains, and one evaluation."""

    id: str
    """Digest of all that determines the result: the training, and the evaluation's code and settings."""
    training: str
    """Digest of all that determines the trained weights. What builds on the run needs no more of it."""
    study: str
    dataset: str
    method: str
    variant: str
    seed: int
    settings: dict[str, Any]
    needs: tuple[str, ...]
    """Ids of the runs that it builds on."""
    paper: str
    code: str
    """Digest of the code that the run executes."""
    data: str
    """Digest of the recipes of the data sets that the run reads."""
    recipes: Mapping[str, str]
    """The data sets that the run reads, its own first: the digest of all that determines the arrays of each."""
    trained_on: tuple[str, ...]
    """Those of them that training reads."""
    metrics: tuple[str, ...]
    """Of the metrics that the study asks for, the files."""
    family: str
    """The folder of its method."""
    name: str
    """The class of its method."""
    modality: str

    @property
    def datasets(self) -> tuple[str, ...]:
        """The data sets that the run reads, its own first."""
        return tuple(self.recipes)

    @functools.cached_property
    def path(self) -> str:
        """The folder of its result."""
        return f"runs/{self.study}/{self.method}/{self.variant}-s{self.seed}-{self.id[:8]}"

    @functools.cached_property
    def trained(self) -> str:
        """The folder of its training."""
        return f"trained/{self.study}/{self.method}/{self.variant}-s{self.seed}-{self.training[:8]}"

    @property
    def trains(self) -> bool:
        """Whether the run has a training stage; scores of another run's checkpoint mostly have none."""
        return "epochs" in self.settings


@dataclass(frozen=True)
class Plan:
    tier: str
    studies: Mapping[str, Study]
    runs: tuple[Run, ...]
    scope: "Scope | None" = field(default=None, compare=False)
    """What is made here and what is shown as published; None where all is made. Looked into when it is asked for, since
    a job that makes one run need not know."""

    @property
    def published(self) -> "Mapping[str, Published]":
        """Study -> what is published of it at this tier, and the plan may show."""
        return self.scope.published if self.scope else {}

    @property
    def papers(self) -> "Mapping[str, Paper]":
        """What papers claim."""
        return self.scope.papers() if self.scope else {}

    @property
    def altered(self) -> str:
        """What params.yaml or the call has in place of the studies' own budgets or seeds; empty for nothing."""
        return self.scope.altered if self.scope else ""

    def makes(self, run: Run) -> bool:
        """Whether the run is evaluated here; else its published result is shown."""
        return self.scope is None or (run.study, run.variant, run.method) not in self.scope.left

    @functools.cached_property
    def _trained(self) -> frozenset[str]:
        """Ids of the runs that are trained here: those that are made, and what they build on."""
        found: set[str] = set()
        wanted = [run.id for run in self.runs if self.makes(run)]
        while wanted:
            each = wanted.pop()
            if each not in found:
                found.add(each)
                wanted += self.by_id[each].needs
        return frozenset(found)

    def trains(self, run: Run) -> bool:
        """Whether the run is trained here."""
        return run.trains and run.id in self._trained

    def made(self, study: str) -> list[Run]:
        """A study's runs that are made here, in table order."""
        return [run for run in self.study_runs(study) if self.makes(run)]

    @functools.cached_property
    def read(self) -> tuple[str, ...]:
        """The data sets that are read here."""
        made = [key for run in self.runs if self.makes(run) for key in run.datasets]
        trained = [key for run in self.runs if self.trains(run) for key in run.trained_on]
        return tuple(sorted({*made, *trained}))

    @functools.cached_property
    def by_id(self) -> dict[str, Run]:
        return {run.id: run for run in self.runs}

    @functools.cached_property
    def by_path(self) -> dict[str, Run]:
        return {run.path: run for run in self.runs}

    @functools.cached_property
    def by_trained(self) -> dict[str, Run]:
        return {run.trained: run for run in self.runs if run.trains}

    @functools.cached_property
    def by_study(self) -> dict[str, list[Run]]:
        found: dict[str, list[Run]] = {key: [] for key in self.studies}
        for run in self.runs:
            found[run.study].append(run)
        return found

    @functools.cached_property
    def recipes(self) -> dict[str, str]:
        """Data set -> the digest of all that determines its arrays, by which the prepared ones are known."""
        return dict(sorted({key: recipe for run in self.runs for key, recipe in run.recipes.items()}.items()))

    @property
    def datasets(self) -> tuple[str, ...]:
        return tuple(self.recipes)

    def study(self, key: str) -> Study:
        if key not in self.studies:
            raise unknown("study", key, self.studies)
        return self.studies[key]

    def study_runs(self, key: str) -> list[Run]:
        """A study's runs in table order: variant, then method, then seed."""
        self.study(key)
        return self.by_study[key]

    def information(self, run: Run) -> "Information":
        """What a run has seen beyond its study's protocol."""
        from pipeline.planning import information

        return information.of(self, run)

    def to_json(self) -> dict[str, Any]:
        """The plan as `python -m pipeline plan --json` prints it."""
        fields = ("id", "study", "dataset", "method", "variant", "seed", "settings", "path", "trained", "needs")
        return {
            "tier": self.tier,
            "runs": [{name: getattr(run, name) for name in fields} | {"made": self.makes(run)} for run in self.runs],
            "datasets": [{"key": key, "path": f"data/prepared/{key}"} for key in self.datasets],
            "studies": [study.model_dump(mode="json", exclude={"budget"}) for study in self.studies.values()],
        }
