"""What class scores (N, K) say of examples whose classes (N,) are known."""

from torch import Tensor


def top1(predictions: Tensor, labels: Tensor) -> Tensor:
    """(N,) float64: 100 where the class predicted is the label, else 0."""
    return 100.0 * (predictions == labels).double()


def margins(logits: Tensor, labels: Tensor) -> Tensor:
    """(N,) z_y - max_{k != y} z_k: above zero where the label is predicted."""
    true = labels[:, None]
    others = logits.scatter(1, true, float("-inf"))
    return logits.gather(1, true).squeeze(1) - others.amax(1)
