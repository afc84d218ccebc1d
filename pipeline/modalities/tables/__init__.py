"""Tables: rows of float32 numbers, standardised column by column, encoded by small dense networks or not at all."""

from dataclasses import dataclass

from pipeline.errors import UserError
from pipeline.modalities import Dataset
from pipeline.schema import NotNegative, Strict

NOUN = "rows"
DTYPE = "float32"


@dataclass(frozen=True)
class Table(Dataset):
    columns: tuple[str, ...] = ()
    """Names of the columns, in order, with their units; one that begins with its category's column is 0 or 1."""

    def __post_init__(self) -> None:
        names = len(set(self.columns))
        if self.columns and names != self.shape[0]:
            raise UserError(f"data set '{self.key}': {names} different names for {self.shape[0]} columns")


class Augmentation(Strict):
    """What makes a view "full" differ from the row itself."""

    noise: NotNegative = 0.0
    """Standard deviation of Gaussian noise on every column, in standard deviations of the column."""
