"""What a data set is: as it describes itself before its sources are read, and prepared, in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Dataset:
    """What is known of a data set before its files are read."""

    key: str
    title: str
    source: str
    """Where it comes from, a URL where there is one."""
    licence: str
    shape: tuple[int, ...]
    """Of one input: (C, H, W) of an image, (F,) of a table's row."""
    classes: tuple[str, ...]
    """Empty where labels are numbers."""
    train_examples: int
    test_examples: int
    pins: Mapping[str, str]
    """Source file -> "sha256:..." or "md5:..." of its bytes."""
    target: str = ""
    """What labels that are numbers measure, with their unit."""
    class_counts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Split -> examples of each class, where they are known before the sources are read."""
    skipped: Mapping[str, int] = field(default_factory=dict)
    """Kind of file -> how many of it lie among the sources and are not read."""

    @property
    def label_type(self) -> str:
        return "int64" if self.classes else "float32"


@dataclass(frozen=True)
class Further:
    """An array that a data set has beside inputs and labels."""

    shape: tuple[int, ...]
    dtype: str
    names: tuple[str, ...] = ()
    """What its whole numbers, or its columns, stand for."""


@dataclass(frozen=True)
class Annotated(Dataset):
    """A data set of which more is known, of each example (`train_<what>`, `test_<what>`) or class (`class_<what>`)."""

    further: Mapping[str, Further] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """A prepared data set in memory, verified against its manifest."""

    key: str
    train_inputs: "Tensor"
    """(N, *shape) in the modality's type."""
    train_labels: "Tensor"
    """(N,) int64 in 0..K-1, or float32 where labels are numbers."""
    test_inputs: "Tensor"
    test_labels: "Tensor"
    mean: tuple[float, ...]
    """Per channel or column, of the training inputs."""
    std: tuple[float, ...]
    classes: tuple[str, ...]
    shape: tuple[int, ...]
    digest: str
    """sha256 over the four arrays' sha256."""


@dataclass(frozen=True)
class PreparedAnnotated(Prepared):
    """A prepared data set with all further arrays and the names of their numbers or columns.

    Rows of `train_<what>` and `test_<what>` are in the order of the inputs, those of `class_<what>` in that of classes.
    """

    further: "Mapping[str, Tensor]"
    names: Mapping[str, tuple[str, ...]]
