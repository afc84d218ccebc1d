"""The vocabulary of a method: what it may declare, what it is given, what it may override."""

from collections.abc import Iterator
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
    image_shape: tuple[int, int, int] = (1, 28, 28)
    """(C, H, W) of the images, which is that of "plain" views."""
    view_shape: tuple[int, int, int] = (1, 28, 28)
    """(C, h, w) of "full" views."""
    base: "Method | None" = None
    """The trained method of the run that this one builds on, in evaluation mode and without gradients, on the CPU or
    the run's device; None where the study names no base. A method that goes on training it takes a copy."""
    wild: Tensor | None = None
    """(M, C, H, W) uint8 unlabelled images that may come from elsewhere than the training set; None without any."""


class Training(Protocol):
    """The training set as a method sees it at the start of a stage."""

    images: Tensor
    """(N, C, H, W) uint8, on the run's device."""
    labels: Tensor
    """(N,) int64, or what `Batch.labels` is otherwise. Only methods that say so (`uses_labels`) may read them."""

    def plain(self, images: Tensor | None = None) -> Iterator[Tensor]:
        """Chunks of the images (or of those given), in order, as "plain" views: float, normalised."""
        ...

    def to_bytes(self, views: Tensor) -> Tensor:
        """Images (B, C, H, W) uint8 of normalised views; values out of range are clipped."""
        ...


@dataclass
class Batch:
    """One training step's data on the run's device.

    views: float tensors (B, C, H, W), normalised, in the order of the method's `views`.
    labels: (B,) int64; float (B, K) zeros and ones where the driver is `multi_label`, float (B,) where it is
        `regression`. Only methods that say so (`uses_labels`) may read them.
    indices: (B,) int64, the examples' places in the training set, or beyond it for images that `fetch` made up;
        the labels of those are -1.
    boxes: where each view was cut from, a float tensor (B, 5) per view: top, left, height and width in pixels of
        the image, and 1 where the view is mirrored left to right, else 0.
    """

    views: list[Tensor]
    labels: Tensor
    indices: Tensor
    boxes: list[Tensor] = field(default_factory=list)


class Method(nn.Module):
    """A method of a paper: its settings, its modules, its loss. Loops belong to the driver.

    `encoder` is set by the driver before `build` is called. Whatever a method must remember between steps
    (queues, centroids, counters) is a registered buffer, so that a killed run resumes from its checkpoint.
    `progress` is the share of the stage done, in [0, 1), and `stage` the number of the stage, both set by the
    driver before each loss.
    """

    paper: ClassVar[str]
    """Key of the paper in papers/; empty for what no paper claims, such as an untrained encoder."""
    driver: ClassVar[str]
    trains: ClassVar[bool] = True
    """False for methods that are evaluated as they were initialised."""
    uses_labels: ClassVar[bool] = False
    builds_on: ClassVar[bool] = False
    """True for methods that need `context.base`, a run that the study names."""
    training_only: ClassVar[tuple[str, ...]] = ()
    """Prefixes of state that evaluation does not need; left out of model.safetensors."""

    views: tuple[str, ...] = ("full",)
    """One crop kind of the study's augmentation per view: "full", "small" or "plain" (not augmented)."""
    stages: tuple[float, ...] = (1.0,)
    """Shares of the epochs of each stage of training. A stage begins with a new optimiser and schedule."""

    encoder: nn.Module
    progress: float = 0.0
    stage: int = 0

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

    def start_stage(self, stage: int, training: Training) -> None:
        """Called once before the first epoch of each stage (0, 1, ...), under no_grad, in training mode.

        Also for a stage without epochs: with `stages = (1.0, 0.0)` stage 1 is the look back after training.
        Here a method looks at the whole training set: clusters it, makes up images, renews its encoder. What it
        finds goes into buffers made in `build`, since a resumed run does not call this again.
        """

    def start_epoch(self, epoch: int) -> None:
        """Called before the first batch of each epoch (0, 1, ...), also after a resume."""

    def arrange(self, order: Tensor) -> Tensor:
        """The epoch's examples in the order of their batches, given a random order (N,) of all of them.

        At least as many as the full batches of an epoch need; indices from N on are images of `fetch`'s own.
        """
        return order

    def fetch(self, images: Tensor, indices: Tensor) -> Tensor:
        """The images (B, C, H, W) uint8 of a batch out of the training set's (N, C, H, W)."""
        return images[indices]

    def after_backward(self, epoch: int) -> None:
        """Called between backward and the optimiser's step, e.g. to freeze prototypes."""

    def after_step(self) -> None:
        """Called after the optimiser's step, under no_grad, e.g. for momentum encoders and queues."""

    def features(self, images: Tensor) -> Tensor:
        """What evaluation takes as the representation of plain views (B, C, H, W): (B, F)."""
        features: Tensor = self.encoder(images)
        return features

    def further_features(self, images: Tensor) -> dict[str, Tensor]:
        """Other representations (B, F) that are measured too: that called "x" as `linear_top1_x`, `uniformity_x` ..."""
        return {}


__all__ = ["Batch", "Context", "Method", "Tensor", "Training", "nn", "setting", "torch"]
