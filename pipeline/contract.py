"""The vocabulary of a method: what it may declare, what it is given, what it may override."""

from dataclasses import dataclass
from typing import Any, ClassVar

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


@dataclass
class Batch:
    """One training step's data on the run's device.

    views: float tensors (B, C, H, W), normalised, in the order of the method's `views`.
    labels: (B,) int64. Only methods that say so (`uses_labels`) may read them.
    indices: (B,) int64, the examples' places in the training set.
    """

    views: list[Tensor]
    labels: Tensor
    indices: Tensor


class Method(nn.Module):
    """A method of a paper: its settings, its modules, its loss. Loops belong to the driver.

    `encoder` is set by the driver before `build` is called. Whatever a method must remember between steps
    (queues, centroids, counters) is a registered buffer, so that a killed run resumes from its checkpoint.
    `progress` is the share of training done, in [0, 1), set by the driver before each loss.
    """

    paper: ClassVar[str]
    """Key of the paper in papers/; empty for what no paper claims, such as an untrained encoder."""
    driver: ClassVar[str]
    trains: ClassVar[bool] = True
    """False for methods that are evaluated as they were initialised."""
    uses_labels: ClassVar[bool] = False
    training_only: ClassVar[tuple[str, ...]] = ()
    """Prefixes of state that evaluation does not need; left out of model.safetensors."""

    views: tuple[str, ...] = ("full",)
    """One crop kind of the study's augmentation per view: "full", "small" or "plain" (not augmented)."""

    encoder: nn.Module
    progress: float = 0.0

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        for name, value in settings.items():
            setattr(self, name, value)

    def build(self, context: Context) -> None:
        """Make the method's own modules and buffers (heads, queues). The default has none."""

    def loss(self, batch: Batch) -> Tensor:
        """The scalar to minimise."""
        raise NotImplementedError

    def start_epoch(self, epoch: int) -> None:
        """Called before the first batch of each epoch (0, 1, ...), also after a resume."""

    def after_backward(self, epoch: int) -> None:
        """Called between backward and the optimiser's step, e.g. to freeze prototypes."""

    def after_step(self) -> None:
        """Called after the optimiser's step, under no_grad, e.g. for momentum encoders and queues."""


__all__ = ["Batch", "Context", "Method", "Tensor", "nn", "setting", "torch"]
