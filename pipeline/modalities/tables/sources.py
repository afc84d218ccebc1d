"""Tables as installed packages ship them: text files, pinned by digest; categories as columns of 0 and 1; a split."""

import gzip
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UserError, shown, unknown
from pipeline.modalities import Dataset, source_files

if TYPE_CHECKING:
    import numpy as np

MEND = "install the packages as requirements.lock says"


def shipped(about: Dataset, package: str, file: str) -> list[list[str]]:
    """The cells of a file that an installed package ships, by its path in the package, without importing it.

    Cells are parted by commas, or by blanks where there are none; lines that begin with @ describe columns. Raises
    UserError where package or file is missing, or where the file is not the one pinned.
    """
    where = f"data set '{about.key}': {package}'s {file}"
    try:
        content = Path(str(metadata.distribution(package).locate_file(file))).read_bytes()
    except (metadata.PackageNotFoundError, OSError):
        raise UserError(f"{where} is missing; {MEND}") from None
    source_files.verify(content, about.pins[Path(file).name], where, MEND)
    text = (gzip.decompress(content) if file.endswith(".gz") else content).decode("utf-8-sig")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("@")]
    return [[cell.strip() for cell in (line.split(",") if "," in line else line.split())] for line in lines]


def numbers(about: Dataset, cells: Sequence[Sequence[str]]) -> "np.ndarray":
    """(N, F) float64 of rows of cells. UserError names the first cell that is no number, or a row of another length."""
    import numpy as np

    for place, row in enumerate(cells, 1):
        if len(row) != len(cells[0]):
            raise UserError(f"data set '{about.key}': row {place} has {len(row)} cells, the first has {len(cells[0])}")
        for column, cell in enumerate(row, 1):
            try:
                float(cell)
            except ValueError:
                raise UserError(
                    f"data set '{about.key}': row {place}, column {column}: {shown(cell)} is no number; write numbers "
                    "with a point, fill or leave out what is missing"
                ) from None
    return np.array(cells, np.float64)


def indicators(values: Sequence[str], categories: Sequence[str]) -> "np.ndarray":
    """(N, K) zeros and ones: which of the categories a value is."""
    import numpy as np

    return np.array([[value == category for category in categories] for value in values], np.float32)


def classified(about: Dataset, cells: Sequence[Sequence[str]], classes: Mapping[str, str]) -> "dict[str, np.ndarray]":
    """The arrays of a data set whose cells are numbers but for the last of a row, which is a key of `classes`."""
    import numpy as np

    place = {value: number for number, value in enumerate(classes)}
    for row in cells:
        if row[-1] not in place:
            raise unknown(f"class of data set '{about.key}'", row[-1], place)
    return split(about, numbers(about, [row[:-1] for row in cells]), np.array([place[row[-1]] for row in cells]))


def split(about: Dataset, rows: "np.ndarray", labels: "np.ndarray") -> "dict[str, np.ndarray]":
    """The arrays of a data set: rows (N, F) and labels (N,) in an order drawn once, training rows first.

    RandomState's streams are frozen, so that the order is the same with every version of numpy.
    """
    import numpy as np

    order = np.random.RandomState(0).permutation(len(rows))
    rows, labels = rows[order].astype(np.float32), labels[order].astype(about.label_type)
    count = about.train_examples
    return {
        "train_rows": rows[:count],
        "train_labels": labels[:count],
        "test_rows": rows[count:],
        "test_labels": labels[count:],
    }
