"""The vocabulary of a method: what it may declare, what it is given, what it may override."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor, nn


def setting(
    default: Any,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[Any, ...] | None = None,
) -> Any:
    """Declare a setting of a method: its paper's default, unit and range (bounds included).

    The plan reads the declaration from the source, without importing torch, and checks `studies/*.yaml`
    against it; so the arguments must be literals and the attribute must carry a plain annotation
    (`int`, `float`, `bool`, `str`). At run time the class attribute is simply the default.
    """
    return default


@dataclass(frozen=True)
class Inputs:
    """What a modality tells of a run's inputs. A view is (raw - mean) / std, per channel or column."""

    shape: tuple[int, ...] = ()
    """Of one "plain" view: (C, H, W) of an image, (F,) of a table's row."""
    view_shape: tuple[int, ...] = ()
    """Of one "full" view."""
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    """What one unit of the raw input is divided by; a pixel's whole range counts as one unit."""
    bounds: tuple[float, float] | None = None
    """The least and the greatest raw value; None where there is none."""

    def column(self, values: Sequence[float]) -> Tensor:
        """Values per channel or column, float32, in a shape that broadcasts over views (B, *shape)."""
        return torch.tensor(values, dtype=torch.float32).view(-1, *[1] * (len(self.shape) - 1))

    @property
    def scale(self) -> Tensor:
        """How far one raw unit reaches in a view, per channel or column."""
        return 1 / self.column(self.std)

    @property
    def low(self) -> Tensor | None:
        """The least values that a view can have, per channel or column; None without bounds."""
        return None if self.bounds is None else (self.bounds[0] - self.column(self.mean)) * self.scale

    @property
    def high(self) -> Tensor | None:
        return None if self.bounds is None else (self.bounds[1] - self.column(self.mean)) * self.scale


@dataclass(frozen=True)
class Context:
    """What a method may know of its run when it builds its own modules."""

    feature_dim: int
    num_classes: int
    train_examples: int
    class_counts: tuple[int, ...]
    batch_size: int
    steps_per_epoch: int
    epochs: int
    seed: int
    """Derived from study and seed, not from the method; for draws of the method's own."""
    inputs: Inputs = Inputs()
    target_range: tuple[float, float] | None = None
    """Least and greatest training target where labels are numbers; None where they are classes."""
    base: "Method | None" = None
    """The trained method of the run that this one builds on, in evaluation mode and without gradients, on the CPU or
    the run's device; None where the study names no base. A method that goes on training it takes a copy."""
    streams: Mapping[str, Tensor] = field(default_factory=dict)
    """Raw inputs (M, ...) of each further stream that the protocol has, such as "unlabelled" or "wild"."""


class TrainingSet(Protocol):
    """The training set as a method sees it at the start of a phase."""

    inputs: Tensor
    """(N, ...) raw, on the run's device: images uint8, rows of tables float32."""
    labels: Tensor
    """(N,) int64, or what `Batch.labels` is otherwise. Only methods that say so (`uses_labels`) may read them."""

    def plain(self, inputs: Tensor | None = None) -> Iterator[Tensor]:
        """Chunks of the inputs (or of those given), in order, as "plain" views: float, normalised."""
        ...

    def raw(self, views: Tensor) -> Tensor:
        """Raw inputs (B, ...) of normalised views; values out of range are clipped."""
        ...


@dataclass
class Batch:
    """One training step's data of one stream, on the run's device.

    views: float tensors (B, ...), normalised, in the order of the method's `views` (of `streams` for further ones).
    labels: (B,) int64; float (B, K) zeros and ones where an input has several labels, float (B,) where labels are
        numbers; -1 in streams without labels. Only methods that say so (`uses_labels`) may read them.
    indices: (B,) int64, the examples' places in the stream, or beyond it for inputs that `fetch` made up; the labels
        of those are -1.
    boxes: of images, where each view was cut from, a float tensor (B, 5) per view: top, left, height and width in
        pixels of the image, and 1 where the view is mirrored left to right, else 0.
    streams: the parts of the batch that come from further streams, by name; also as `batch["unlabelled"]`.
    """

    views: list[Tensor]
    labels: Tensor
    indices: Tensor
    boxes: list[Tensor] = field(default_factory=list)
    streams: "dict[str, Batch]" = field(default_factory=dict)

    def __getitem__(self, stream: str) -> "Batch":
        return self.streams[stream]


class Method(nn.Module):
    """A method of a paper: its settings, its modules, its loss. Loops belong to `pipeline.training`.

    `encoder` is set before `build` is called. Whatever a method must remember between steps (queues, centroids,
    counters) is a registered buffer, so that a killed run resumes from its checkpoint. `progress` is the share of
    the phase done, in [0, 1), and `phase` the number of the phase, both set before each loss.
    """

    paper: ClassVar[str]
    """Key of the paper in papers/; empty for what no paper claims, such as an untrained encoder."""
    kind: ClassVar[str]
    """What it is, such as "classifier"; a protocol says which kinds it can evaluate."""
    trains: ClassVar[bool] = True
    """False for methods that are evaluated as they were initialised."""
    uses_labels: ClassVar[bool] = False
    told: ClassVar[str] = ""
    """What it is told beyond what its protocol tells every method, in words; tables and claims state it."""
    builds_on: ClassVar[bool] = False
    """True for methods that need `context.base`, a run that the study names."""
    training_only: ClassVar[tuple[str, ...]] = ()
    """Prefixes of state that evaluation does not need; left out of model.safetensors."""
    streams: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Streams that it reads beside the training set, and the views it takes of each."""

    requires: ClassVar[tuple[str, ...]] = ()
    """What must hold before anything is trained, as comparisons such as "batch_size > num_classes", of

    - the method's settings, `batch_size`, `train_examples`, `validation_examples`, `num_classes`, `encoder` and `shape`
      (of one input), and what the protocol's budget has for evaluation, such as `validation_outliers`;
    - of the run that it builds on, `base_kind`, `base_num_classes`, `base_encoder` and `base_shape`.

    `min`, `max`, `round` and `len` are known. Literals, since the plan checks them without importing torch. What a
    family requires its members require too. They change no result, and no id."""

    views: tuple[str, ...] = ("full",)
    """One kind of the study's augmentation per view: "full", "plain" (not augmented), and what the modality adds."""
    phases: tuple[float, ...] = (1.0,)
    """Shares of the epochs of each phase of training. A phase begins with a new optimiser and schedule; one whose
    share is 0 has no epochs and is all in `start_phase`."""

    encoder: nn.Module
    progress: float = 0.0
    phase: int = 0

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        for name, value in settings.items():
            setattr(self, name, value)

    def build(self, context: Context) -> None:
        """Make the method's own modules and buffers (heads, queues). The default has none."""

    def loss(self, batch: Batch) -> Tensor:
        """The scalar to minimise."""
        raise NotImplementedError

    def backward(self, batch: Batch) -> Tensor:
        """Add the gradients of one step to zeroed ones and return the loss. Overridden where one pass is not enough."""
        loss = self.loss(batch)
        loss.backward()
        return loss

    def optimizers(
        self, make: Callable[[nn.Module], torch.optim.Optimizer], phase: int
    ) -> Sequence[torch.optim.Optimizer]:
        """The phase's optimisers, all of them given the study's learning rate at every step; `make` is the study's.

        A parameter group with an entry `scale` has its rate multiplied by it. Two networks that play against each
        other have one each and override `step`; a method that is an optimiser returns its own.
        """
        return [make(self)]

    def step(self, batch: Batch, optimizers: Sequence[torch.optim.Optimizer], epoch: int) -> Tensor:
        """One step of training; the loss to report, without gradient."""
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss = self.backward(batch)
        self.after_backward(epoch)
        for optimizer in optimizers:
            optimizer.step()
        return loss.detach()

    def stream_sizes(self, batch_size: int) -> dict[str, int]:
        """How many examples of each further stream are in a batch beside `batch_size` of the training set.

        With an entry "train", so many of the training set; steps of an epoch stay those of full batches of it.
        """
        return dict.fromkeys(self.streams, batch_size)

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        """Called once before the first epoch of each phase (0, 1, ...), under no_grad, in training mode.

        Also for a phase without epochs: with `phases = (1.0, 0.0)` phase 1 is the look back after training, and with
        `(0.0,)` the method is fitted here at once. Here a method looks at the whole training set: clusters it, makes
        up images, renews its encoder. What it finds goes into buffers made in `build`, since a resumed run does not
        call this again.
        """

    def renew(self, epoch: int, training: TrainingSet) -> None:
        """Called before every epoch (0, 1, ...), also after a resume, under no_grad: for what is learned anew from the
        data set while optimiser and schedule go on."""

    def start_epoch(self, epoch: int) -> None:
        """Called before the first batch of each epoch (0, 1, ...), also after a resume."""

    def arrange(self, order: Tensor) -> Tensor:
        """The epoch's examples in the order of their batches, given a random order (N,) of all of them.

        At least as many as the full batches of an epoch need; indices from N on are inputs of `fetch`'s own.
        """
        return order

    def fetch(self, inputs: Tensor, indices: Tensor) -> Tensor:
        """The raw inputs (B, ...) of a batch out of the training set's (N, ...)."""
        return inputs.index_select(0, indices)  # copies whole rows, where indexing goes number by number

    def after_backward(self, epoch: int) -> None:
        """Called between backward and the optimiser's step, e.g. to freeze prototypes."""

    def after_step(self) -> None:
        """Called after the optimiser's step, under no_grad, e.g. for momentum encoders and queues."""

    def features(self, inputs: Tensor) -> Tensor:
        """What evaluation takes as the representation of plain views (B, ...): (B, F)."""
        features: Tensor = self.encoder(inputs)
        return features

    def further_features(self, inputs: Tensor, features: Tensor) -> dict[str, Tensor]:
        """Other representations (B, F) that are measured too: that called "x" as `linear_top1_x`, `uniformity_x` ...

        features: those of the same inputs, (B, F), so that nothing need be encoded again.
        """
        return {}


class Bundle(Method):
    """Several trained methods as one: `context.base` of a method that builds on more than one run.

    Such a method has a literal `bases`, the names by which the study gives them in place of `base`.
    """

    kind = "bundle"

    def __init__(self, members: Mapping[str, Method]) -> None:
        super().__init__()
        self.members = nn.ModuleDict(members)

    def __getitem__(self, name: str) -> Method:
        member = self.members[name]
        assert isinstance(member, Method)
        return member


__all__ = ["Batch", "Bundle", "Context", "Inputs", "Method", "Tensor", "TrainingSet", "nn", "setting", "torch"]
