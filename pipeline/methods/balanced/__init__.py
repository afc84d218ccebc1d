"""Classifiers whose loss knows how many training examples each class has."""

from collections.abc import Sequence
from typing import ClassVar

from pipeline.contract import Context, Tensor, torch
from pipeline.methods.classifier import Classifier


class Balanced(Classifier):
    """A linear head and an objective that reads the classes' counts. Members override `objective`.

    Written n_k or N_k in papers, `counts` are (K,) float32 and at least 1, so that a class without examples stays
    finite. Evaluation needs them only where a member says so.
    """

    training_only: ClassVar[tuple[str, ...]] = ("counts",)

    counts: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("counts", torch.tensor(context.class_counts, dtype=torch.float32).clamp_min(1))

    @property
    def log_prior(self) -> Tensor:
        """(K,) log pi_k, the logarithm of the classes' shares of the training set."""
        return (self.counts / self.counts.sum()).log()


def effective_weights(counts: Sequence[int], beta: float) -> Tensor:
    """(K,) weights in proportion to 1 / E_n with sum K, E_n = (1 - beta^n) / (1 - beta) (Cui et al. 2019).

    E_n is the effective number of n examples, 1 at beta = 0 and n as beta -> 1. In float64, where 1 - beta^n keeps
    its digits.
    """
    n = torch.tensor(counts, dtype=torch.float64).clamp_min(1)
    weights = 1 / (1 - beta**n)
    return (weights * len(counts) / weights.sum()).float()
