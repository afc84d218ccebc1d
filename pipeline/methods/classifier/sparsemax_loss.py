"""Cross-entropy's analogue for the nearest point of the simplex: no cost once the true score leads by one."""

from pipeline.contract import Tensor, torch
from pipeline.methods.classifier import Classifier


def threshold(z: Tensor) -> tuple[Tensor, Tensor]:
    """tau (B, 1) of scores (B, K) and the support (B, K), bool: sparsemax(z) = [z - tau]_+.

    That is the point of the simplex nearest to z. The support is the k largest with the greatest k such that
    1 + k z_(k) > sum_{j <= k} z_(j); tau is what makes the sum 1 on it (algorithm 1).
    """
    ordered = z.sort(1, descending=True).values
    ranks = torch.arange(1, z.shape[1] + 1, device=z.device, dtype=z.dtype)
    size = (1 + ranks * ordered > ordered.cumsum(1)).sum(1, keepdim=True)
    # of a row of nan nothing is in the support; the loss stays nan
    support = z >= ordered.gather(1, (size - 1).clamp_min(0))
    return ((z * support).sum(1, keepdim=True) - 1) / support.sum(1, keepdim=True), support


class SparsemaxLoss(Classifier):
    """L = -z_y + (1/2) sum_{j in S(z)} (z_j^2 - tau(z)^2) + 1/2, a mean over the batch.

    Its gradient is sparsemax(z) - e_y. It is 0 where z_y leads all others by 1 or more. With two classes and
    t = z_y - z_other it is Huber's: 0 for t >= 1, -t for t <= -1, (t - 1)^2 / 4 between.

    The paper fits linear classifiers of several labels, and softmax's rival within attention; here it is the loss of
    one label on a network. Accuracy does not know the difference between sparsemax(z) and softmax(z), but NLL and ECE
    do: sparsemax(z) is 0 for most classes and its NLL infinite with the first error, so evaluation takes softmax(z).
    That is no probability the loss has estimated: with every lead 1, softmax gives the true one of 10 classes 0.23.
    """

    paper = "sparsemax"

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        tau, support = threshold(logits)
        squares = ((logits**2 - tau**2) * support).sum(1)
        return (0.5 * (squares + 1) - logits.gather(1, labels[:, None]).squeeze(1)).mean()
