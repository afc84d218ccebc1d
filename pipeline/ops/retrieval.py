"""Images looked up among others by similarity, and pairs of images of one class or of two.

All from similarities (N, N) of images with each other, -inf with themselves, and labels (N,) from 0.
"""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.errors import Absent


def cosines(queries: Tensor, gallery: Tensor) -> Tensor:
    """(n, m) float32 of embeddings (n, F) and (m, F)."""
    return F.normalize(queries.float()) @ F.normalize(gallery.float()).T


def among(embeddings: Tensor, similarity: Callable[[Tensor, Tensor], Tensor] = cosines) -> Tensor:
    """(N, N) of embeddings (N, F) with each other; -inf with themselves."""
    return similarity(embeddings, embeddings).fill_diagonal_(-torch.inf)


def relevant(labels: Tensor) -> Tensor:
    """(N,) how many others have the label of each."""
    return torch.bincount(labels)[labels] - 1


def hits(similarities: Tensor, labels: Tensor) -> Tensor:
    """(N, R) bool: whether the i-th most similar image is of the class of each; R = max(relevant), at least 1."""
    most = max(1, int(relevant(labels).max()))
    nearest = similarities.topk(min(most, len(labels)), dim=1).indices
    return labels[nearest] == labels[:, None]


def pairs(similarities: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """(P,) of pairs of one class and (Q,) of pairs of two, each pair once, each ascending."""
    upper = torch.ones_like(similarities, dtype=torch.bool).triu_(1)
    same = labels[:, None] == labels
    return ascending(similarities[same & upper]), ascending(similarities[~same & upper])


def ascending(values: Tensor) -> Tensor:
    """(N,) sorted; of millions on a CPU numpy's sort takes a twentieth of the time that torch's takes."""
    return torch.from_numpy(np.sort(values.numpy())) if values.device.type == "cpu" else values.sort().values


def accepted(scores: Tensor, rate: float) -> float:
    """The least threshold that is exceeded by at most this share of ascending scores (Q,)."""
    return float(scores[len(scores) - 1 - min(int(rate * len(scores)), len(scores) - 1)])


def above(scores: Tensor, threshold: float) -> float:
    """The share of ascending scores (P,) that exceed a threshold."""
    below = torch.searchsorted(scores, scores.new_tensor(threshold), right=True)
    return 1 - int(below) / len(scores)


def third(degradations: Tensor, worst: bool) -> Tensor:
    """(N,) bool: the third with the highest of degradations (N,), or with the lowest, and all that equal its last.

    Raises Absent where all are alike.
    """
    if bool((degradations == degradations[0]).all()):
        raise Absent("all images are of one quality")
    signed = degradations.double() * (1 if worst else -1)
    return signed >= signed.sort(descending=True).values[max(0, len(signed) // 3 - 1)]


ROWS, COLUMNS = 8, 8
"""So many queries are kept with so many of the images that are most similar to them."""
EXPONENTS = torch.linspace(-5, 0, 51)
"""Of the false accept rates for which true ones are kept."""


def rows(similarities: Tensor, labels: Tensor, images: Tensor) -> dict[str, Tensor]:
    """Of some queries, each of another class, the images (Q, 1 + COLUMNS, ...) and whether each is a hit, the query
    first.

    The same queries whatever the similarities: the first image of classes spread over all of them.
    """
    first = (labels[:, None] == labels.unique()).to(torch.uint8).argmax(0)
    queries = first[torch.linspace(0, len(first) - 1, min(ROWS, len(first))).long()]
    nearest = similarities[queries].topk(min(COLUMNS, len(labels) - 1), dim=1).indices
    shown = torch.cat([queries[:, None], nearest], 1)
    return {"row_images": images[shown], "row_hits": labels[shown] == labels[queries, None]}


def rates(same: Tensor, different: Tensor) -> dict[str, Tensor]:
    """Shares of pairs of one class that are accepted where given shares of those of two are; nothing without pairs."""
    if not len(same) or not len(different):
        return {}
    found = [above(same, accepted(different, 10 ** float(e))) for e in EXPONENTS]
    return {"false_accepts": 10**EXPONENTS, "true_accepts": torch.tensor(found)}
