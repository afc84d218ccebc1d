"""Which epoch had the largest gradient, of rows in which a recurrent method has told."""

from collections.abc import Sequence
from typing import Any

from pipeline.errors import Absent


def largest(history: Sequence[dict[str, Any]]) -> dict[str, Any]:
    rows = [row for row in history if row.get("gradient_largest", 0) > 0]
    if not rows:
        raise Absent("gradients were not observed while it trained, or all were zero")
    return max(rows, key=lambda row: row["gradient_largest"])
