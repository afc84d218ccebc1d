"""FreeMatch: thresholds, of all classes and of each, that are averages of what the network itself is sure of."""

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, setting, torch
from pipeline.methods.semi_supervised import WeakToStrong
from pipeline.ops.pseudo_labels import sure_cross_entropy


class FreeMatch(WeakToStrong):
    """L_u of FixMatch where max q_b >= tau(c) = tau p_c / max_c p_c, plus w_f L_f.

    tau, p and h are running averages, from 1/K, of the mean of max q_b, of the mean of q_b, and of the histogram of
    argmax q_b; a step goes by averages that have it in them. Fairness is L_f = sum_c a_c log b_c of a = p / h and
    b = mean Q / histogram Q, each scaled to sum 1, where Q are the probabilities of strong views that are used and a
    class that a histogram lacks has 0. So it is in the authors' code, where descent moves b away from a; w_f is that of
    its CIFAR-10, CIFAR-100 and STL-10. Here `unlabelled_weight` multiplies both terms. Without `class_thresholds` there
    is tau alone.
    """

    paper = "freematch"
    momentum: float = setting(0.999, low=0.0, high=1.0)
    fairness_weight: float = setting(0.001, low=0.0)
    class_thresholds: bool = setting(True)

    sureness: Tensor
    probabilities: Tensor
    histogram: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        uniform = torch.full((context.num_classes,), 1 / context.num_classes)
        self.register_buffer("sureness", uniform[0].clone())
        self.register_buffer("probabilities", uniform)
        self.register_buffer("histogram", uniform.clone())

    def unlabelled_loss(self, batch: Batch, *logits: Tensor) -> Tensor:
        weak, strong = logits
        self._observe(weak.detach().softmax(1))
        classes, sure = self.assign(weak)
        loss = sure_cross_entropy(strong, classes, sure)
        return loss + self.fairness_weight * self.fairness(strong[sure].softmax(1)) if sure.any() else loss

    def assign(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        confidence, classes = logits.detach().softmax(1).max(1)
        shares = self.probabilities / self.probabilities.max() if self.class_thresholds else torch.ones_like(logits[0])
        return classes, confidence >= self.sureness * shares[classes]

    def fairness(self, used: Tensor) -> Tensor:
        """L_f of probabilities (S, K)."""
        here = _relative(used.mean(0), _histogram(used))
        return (_relative(self.probabilities, self.histogram) * (here + 1e-12).log()).sum()

    @torch.no_grad()
    def _observe(self, weak: Tensor) -> None:
        for average, value in (
            (self.sureness, weak.amax(1).mean()),
            (self.probabilities, weak.mean(0)),
            (self.histogram, _histogram(weak)),
        ):
            average.lerp_(value.to(average), 1 - self.momentum)


def _histogram(probabilities: Tensor) -> Tensor:
    """(K,) the share of rows that are of each class."""
    return F.one_hot(probabilities.argmax(1), probabilities.shape[1]).to(probabilities).mean(0)


def _relative(mean: Tensor, histogram: Tensor) -> Tensor:
    """mean / histogram, scaled to sum 1; 0 where the histogram is."""
    found = torch.where(histogram > 0, mean / histogram.clamp(min=torch.finfo(mean.dtype).tiny), 0.0)
    return found / found.sum()
