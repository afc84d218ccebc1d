"""Schemas of params.yaml, studies/*.yaml and papers/*.yaml. Unknown keys are errors; nothing is coerced silently."""

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.errors import UserError, nearest


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


Share = Annotated[float, Field(ge=0, le=1)]
Range = Annotated[list[Share], Field(min_length=2, max_length=2)]
Count = Annotated[int, Field(ge=1)]
Whole = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Direction = Literal["higher", "lower"]


def _ascending(bounds: list[float]) -> list[float]:
    if bounds[0] > bounds[1]:
        raise ValueError("the lower bound must come first")
    return bounds


Span = Annotated[Range, AfterValidator(_ascending)]
PositiveSpan = Annotated[list[Positive], Field(min_length=2, max_length=2), AfterValidator(_ascending)]


class Optimizer(Strict):
    """`sgd` and `lars` read momentum; `nesterov` is SGD's; `adamw` reads betas; `trust` is LARS's coefficient."""

    name: Literal["sgd", "lars", "adamw"]
    learning_rate: Positive
    weight_decay: NotNegative = 0.0
    momentum: Share = 0.9
    nesterov: bool = False
    betas: Range = [0.9, 0.999]
    trust: Positive = 0.001


class Schedule(Strict):
    """Learning rate over steps: linear warm-up over `warmup` (share of training), then the named shape.

    `one_cycle` is torch's without its cycle of momentum: cosine up over `warmup`, cosine down to nearly zero.
    """

    name: Literal["constant", "cosine", "one_cycle"] = "cosine"
    warmup: Share = 0.0


class Augmentation(Strict):
    """Per-sample random transforms, applied in this order. Zero or null switches one off.

    Strengths follow torchvision: a brightness of 0.4 draws a factor from [0.6, 1.4].
    """

    shift: Whole = 0
    """Random translation by up to so many pixels each way, zeros outside."""
    crop_scale: Span | None = None
    """Area share of the random resized crop."""
    crop_ratio: PositiveSpan = [0.75, 4 / 3]
    flip: Share = 0.0
    jitter: Share = 0.0
    """Probability that brightness, contrast, saturation and hue are drawn for a sample."""
    brightness: NotNegative = 0.0
    contrast: NotNegative = 0.0
    saturation: NotNegative = 0.0
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    greyscale: Share = 0.0
    blur: Share = 0.0
    blur_sigma: PositiveSpan = [0.1, 2.0]
    solarize: Share = 0.0
    full_size: Annotated[int, Field(ge=4)] | None = None
    """Side in pixels of the views "full"; null for the images' own. Smaller ones cost less and teach nearly as much."""
    small_size: Annotated[int, Field(ge=4)] | None = None
    """Side in pixels of the views that multi-crop methods ask for as "small"."""
    small_scale: Span = [0.05, 0.25]

    def view_size(self, image: tuple[int, int, int]) -> tuple[int, int]:
        """(h, w) of "full" views of images (C, H, W)."""
        return image[1:] if self.full_size is None else (self.full_size, self.full_size)


class LabelNoise(Strict):
    """Training labels replaced by wrong ones, each with probability `rate`, drawn per study and seed.

    The wrong label is any other class alike (symmetric noise), or with `flips`, pairs [class, class it becomes], that
    one; then labels of classes that no pair names stay right (asymmetric noise).
    """

    rate: Share
    flips: list[Annotated[list[Whole], Field(min_length=2, max_length=2)]] = []

    @model_validator(mode="after")
    def _a_class_becomes_one_other(self) -> "LabelNoise":
        sources = [source for source, _ in self.flips]
        if len(set(sources)) < len(sources) or any(source == target for source, target in self.flips):
            raise ValueError("flips must give each class at most one other class that it becomes")
        return self


class Wild(Strict):
    """Unlabelled images beside the training set: clean ones, clean ones under a shift of appearance, and outliers."""

    examples: Count
    outliers: list[str] = []
    """Kinds of outliers, none of which may be a test or validation outlier."""
    outlier_share: Share = 1.0
    shifted_share: Share = 0.0

    @model_validator(mode="after")
    def _shares_fit(self) -> "Wild":
        if self.outlier_share + self.shifted_share > 1:
            raise ValueError("outlier_share and shifted_share must not exceed 1 together")
        if bool(self.outliers) != bool(self.outlier_share):
            raise ValueError("outliers and a share of them above 0 go together")
        return self


class Probe(Strict):
    """The linear probe on frozen features: multinomial logistic regression by full-batch L-BFGS."""

    l2: NotNegative = 1e-4
    iterations: Count = 100
    neighbours: Count = 5
    label_fractions: list[Share] = [0.01, 0.1]
    """Shares of the training labels with which the probes are also fitted; the encoder has seen all images."""


class Budget(Strict):
    """What every driver's runs have."""

    dataset: str | None = None
    """Replaces the study's data set at this tier or in this variant."""
    encoder: str = "convnet"
    train_examples: Count | None = None
    """The first so many of the training split; null for all."""
    validation_examples: Whole = 0
    """Taken from the end of `train_examples` and not trained on."""
    test_examples: Count | None = None
    evaluate_on: Literal["test", "validation"] = "test"
    """`validation` measures on the validation examples and never looks at the test split: for searches."""
    held_out_classes: list[Whole] = []
    """Classes left out of training, validation and test."""
    imbalance: Annotated[float, Field(ge=1)] | None = None
    """Training examples of the most frequent class to those of the rarest, falling exponentially in between."""
    batch_size: Count = 256
    seeds: Count = 3


class Training(Budget):
    epochs: Whole
    optimizer: Optimizer
    schedule: Schedule = Schedule()
    augmentation: Augmentation = Augmentation()
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    weight_average: Share = 0.0
    """Decay of an exponential moving average of the weights, which is then what is evaluated; 0 for none."""
    label_noise: LabelNoise | None = None
    watch: bool = False
    """Measure the test split after every epoch too, for what the best epoch would have given."""


class SelfSupervisedBudget(Training):
    probe: Probe = Probe()


class PosthocBudget(Budget):
    """`dataset`, `encoder` and the example counts are those of the runs built on, and cannot be set."""

    outliers: list[str] = []
    """Test outliers: data sets, `uniform`, `gaussian`, or `held_out` (the base run's held-out classes)."""
    validation_outliers: list[str] = []
    outlier_examples: Count | None = None
    """Examples of each set of test outliers; null for as many as the test split has, or the set."""


class TrainedPosthocBudget(PosthocBudget, Training):
    """Of post-hoc methods that train before they score."""

    wild: Wild | None = None


BUDGETS: dict[str, type[Budget]] = {
    "supervised": Training,
    "self_supervised": SelfSupervisedBudget,
    "posthoc": TrainedPosthocBudget,
    "multi_label": Training,
    "regression": Training,
}


def budget_of(driver: str, trains: bool) -> type[Budget]:
    """The schema of a method's budget: post-hoc methods that train nothing have no training's."""
    return PosthocBudget if driver == "posthoc" and not trains else BUDGETS[driver]


class Base(Strict):
    """The run of another study that a run builds on; the seed is the run's own."""

    study: str
    method: str
    variant: str = "default"


class Variant(Strict):
    """What a variant of a study changes beside budget keys."""

    methods: list[str] | None = None
    """Which of the study's methods it has; null for all."""
    base: Base | None = None
    settings: dict[str, Any] = {}
    """For those of its methods that have them; at least one must."""


class MethodEntry(Strict):
    """A line of a study: a method, its settings where they differ from its defaults, and departures.

    `reduced` are settings for the tiers that the study calls reduced, where a run is too short or too small for those
    of the paper.
    `budget` overrides the study's protocol for this method alone; `why` says why and becomes a footnote.
    `reference` marks a floor or ceiling: shown and compared with the baseline, not ranked.
    """

    key: str
    settings: dict[str, Any] = {}
    reduced: dict[str, Any] = {}
    budget: dict[str, Any] = {}
    why: str = ""
    reference: bool = False
    learning_rate: dict[str, Positive] = {}
    """By tier, the rate that the study's search chose; elsewhere the budget's."""
    only: list[str] | None = None
    """The variants that it is part of; null for all that do not name other methods."""
    base: Base | None = None
    """The run that it builds on; a variant's base goes before it, the study's behind."""

    @model_validator(mode="before")
    @classmethod
    def _key_alone(cls, value: Any) -> Any:
        return {"key": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _departures_are_explained(self) -> "MethodEntry":
        if self.budget and not self.why:
            raise ValueError("a method with a budget of its own must say why")
        return self


class Search(Strict):
    """How a study's learning rates are chosen at a tier: the study STUDY_search tries all of them for all methods.

    What is compared is the study's first metric on `validation_examples`, which are not trained on.
    """

    learning_rates: Annotated[list[Positive], Field(min_length=2)]
    train_examples: Count | None = None
    """With the validation examples; null for the tier's."""
    validation_examples: Count
    seeds: Count = 1


class Study(Strict):
    key: str
    title: str
    driver: Literal["supervised", "self_supervised", "posthoc", "multi_label", "regression"]
    dataset: str
    baseline: str
    selection: str = "last epoch, no model selection"
    """Printed above the table: how the evaluated model was chosen."""
    metrics: Annotated[dict[str, Direction], Field(min_length=1)]
    base: Base | None = None
    budget: Annotated[dict[str, dict[str, Any]], Field(min_length=1)]
    variants: Annotated[dict[str, dict[str, Any]], Field(min_length=1)] = {"default": {}}
    """Variant -> budget overrides, and the keys of `Variant`."""
    methods: Annotated[list[MethodEntry], Field(min_length=1)]
    search: dict[str, Search] = {}
    """By tier."""
    reduced: list[str] = []
    """The tiers at which methods have the settings in their `reduced`."""
    figures: list[str] = []
    """Extra figures, by the name of a module in pipeline/exhibits/figures/."""


class Params(Strict):
    tier: str = "laptop"
    studies: list[str]
    seeds: Count | None = None
    """Replaces every study's number of seeds."""
    overrides: dict[str, dict[str, Any]] = {}
    """Study -> budget keys, for trying something without editing the study."""


class Test(Strict):
    """`metric` of `better` minus that of `than`, both in `variant`; positive is what the claim says.

    `than` is a method, or a number such as chance level. A method's side may have a variant and a metric of its own,
    `than_variant` and `than_metric`: two settings of one method, or two measurements of one encoder.

    The sign follows the direction of `metric` in the study unless `direction` says otherwise. With `relative_to`
    the effect is the difference in `variant` minus the difference in `relative_to`. `margin` is subtracted.
    """

    study: str
    metric: str
    better: str
    than: str | float
    variant: str = "default"
    than_variant: str | None = None
    than_metric: str | None = None
    relative_to: str | None = None
    margin: float = 0.0
    direction: Direction | None = None

    @model_validator(mode="after")
    def _sides_can_be_compared(self) -> "Test":
        given = [name for name in ("than_variant", "than_metric") if getattr(self, name) is not None]
        if given and not isinstance(self.than, str):
            raise ValueError(f"'{given[0]}' is a method's, and than = {self.than:g} is a number")
        if self.than_variant is not None and self.relative_to is not None:
            raise ValueError("'than_variant' and 'relative_to' exclude each other: in which variants are the sides?")
        other = (self.than, self.than_variant or self.variant, self.than_metric or self.metric)
        if (self.better, self.variant, self.metric) == other:
            raise ValueError(f"'{self.better}' is compared with itself; name another method, variant or metric")
        return self


class Claim(Strict):
    id: str
    statement: str
    test: Test | None = None
    why_not: str = ""
    """Why a claim without a test cannot be tested here."""


class Reported(Strict):
    """A number the paper itself reports, shown as context and never compared with ours."""

    method: str | None = None
    dataset: str
    metric: str
    value: float
    setting: str = ""


class Paper(Strict):
    key: str
    title: str
    authors: list[str]
    year: int
    url: str = ""
    catalogue: int | None = None
    methods: list[str] = []
    claims: list[Claim] = []
    reported: list[Reported] = []
    status: Literal["works", "partial", "planned", "theory", "out_of_reach"]
    reason: str = ""

    @model_validator(mode="after")
    def _reasons_are_given(self) -> "Paper":
        if self.status in ("theory", "out_of_reach") and not self.reason:
            raise ValueError(f"status '{self.status}' needs a reason")
        return self


def read_yaml(path: Path) -> dict[str, Any]:
    """A mapping from a YAML file; UserError names the line where it is not one."""
    try:
        value = yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except FileNotFoundError:
        raise UserError(f"{path}: missing") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" line {mark.line + 1}" if mark else ""
        raise UserError(f"{path}{place}: not valid YAML: {getattr(error, 'problem', None) or error}") from None
    if not isinstance(value, dict):
        raise UserError(f"{path}: expected a mapping of keys to values, found {type(value).__name__}")
    return value


T = TypeVar("T", bound=Strict)


def check(schema: type[T], value: Any, where: str) -> T:
    """Validate; UserError is one line naming the key, the value and what would be right."""
    try:
        return schema.model_validate(value)
    except ValidationError as error:
        raise UserError(f"{where}: {_first(schema, error)}") from None


def _first(schema: type[BaseModel], error: ValidationError) -> str:
    first = error.errors()[0]
    place, kind, given = first["loc"], first["type"], first["input"]
    key = ".".join(str(part) for part in place)
    if kind == "extra_forbidden":
        return f"unknown key '{key}'{nearest(str(place[-1]), _fields(schema, place))}"
    if kind == "missing":
        return f"'{key}' is missing"
    message = first["msg"].removeprefix("Value error, ")
    if not place:
        return message
    return f"{key} = {given!r}: {message[0].lower() + message[1:]}"


def _fields(schema: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """The known keys of the (nested) model in which the last part of `place` was found."""
    model: Any = schema
    for part in place[:-1]:
        if isinstance(part, int):
            continue
        field = getattr(model, "model_fields", {}).get(part)
        if field is None:
            return []
        model = next((t for t in _types(field.annotation) if hasattr(t, "model_fields")), None)
    return list(getattr(model, "model_fields", {}))


def _types(annotation: Any) -> list[Any]:
    parts = getattr(annotation, "__args__", ())
    return [annotation] + [inner for part in parts for inner in _types(part)]
