"""A run being executed: made once, from its settings and prepared data, and handed to protocol, loop and evaluation."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import Any

from torch import Tensor

from pipeline import lookup
from pipeline.contract import Method
from pipeline.modalities import Prepared
from pipeline.modalities.sharing import Data
from pipeline.seeds import Draws
from pipeline.training.device import Device


class Diverged(Exception):  # noqa: N818
    """Numbers stopped being finite. The run is recorded as diverged, with this message as the reason."""


@dataclass(frozen=True)
class Job:
    settings: dict[str, Any]
    draws: Draws
    method: Method
    """As yet without its encoder and modules, see `loop.build`."""
    device: Device
    modality: ModuleType
    """The half of the data's modality that needs torch: `share`, `Views`, `encoder`."""
    data: Data
    load: Callable[[str], Prepared]
    """Prepared data sets by key, for a protocol that needs more than the run's own."""
    base: Method | None = None
    """The trained method of the run that this one builds on."""
    history: list[dict[str, Any]] = field(default_factory=list)
    """In evaluation, the rows of training's epochs."""

    @cached_property
    def views(self) -> Any:
        """The study's views of raw inputs."""
        return self.modality.Views(self.settings["augmentation"], self.data)

    def with_data(self, **changes: Any) -> "Job":
        """The same job on other data."""
        return dataclasses.replace(self, data=dataclasses.replace(self.data, **changes))


@dataclass
class Evaluation:
    """metrics: by name, finite. arrays: for predictions.npz. choices: what was chosen on validation data, finite."""

    metrics: dict[str, float]
    arrays: dict[str, Tensor]
    choices: dict[str, float] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    """What was drawn of the data: `class_counts` of the training set, `label_noise`, the share of wrong labels."""
    absent: dict[str, str] = field(default_factory=dict)
    """Metric -> why it has no value."""
    convergence: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Metric -> how the solver that it rests on ended: `converged`, `iterations`, `gradient`."""


@dataclass(frozen=True)
class Recipe:
    """What a job is made of: names of code, which the plan has counted as the run's, and settings."""

    method: tuple[str, str]
    """Module below `pipeline`, and class."""
    modality: str
    protocol: str
    settings: dict[str, Any]
    dataset: str
    study: str
    seed: int


def make(recipe: Recipe, device: Device, load: Callable[[str], Prepared], base: Method | None) -> Job:
    """The run's job, its data as the protocol prepares them."""
    module, name = recipe.method
    method: Method = getattr(lookup.module(module), name)(**recipe.settings["method"])
    modality = lookup.module(f"modalities.{recipe.modality}.run")
    draws = Draws(recipe.study, recipe.seed)
    data = modality.share(load(recipe.dataset), recipe.settings, draws, device.torch)
    job = Job(recipe.settings, draws, method, device, modality, data, load, base)
    prepared: Job = lookup.module(f"protocols.{recipe.protocol}.run").prepare(job)
    return prepared


def unchanged(job: Job) -> Job:
    """`prepare` of a protocol that takes the data as they are."""
    return job
