"""Acquisition functions: which rows of a pool to have labelled next, by what a fitted learner says of them."""

from dataclasses import dataclass
from typing import Protocol

from pipeline.contract import Method, Tensor, torch


class Sampler(Protocol):
    """A learner whose answers can be drawn."""

    def sampled(self, rows: Tensor, count: int, generator: torch.Generator) -> Tensor:
        """(count, N, K) float64 probabilities by as many draws of its dropout."""
        ...


@dataclass(frozen=True)
class Pool:
    """All rows, and what is known of them after fitting the learner to those labelled."""

    rows: Tensor
    """(N, D) float32, standardised by the pool's own moments."""
    features: Tensor
    """(N, F): what the learner's last, linear layer sees."""
    probabilities: Tensor
    """(N, K) float64 by the learner, labelled rows' too."""
    labelled: Tensor
    """(N,) bool."""
    labels: Tensor
    """(N,) int64; -1 where none was bought."""
    learner: Sampler

    @property
    def unlabelled(self) -> Tensor:
        """(M,) int64: places of the rows that can be bought."""
        return (~self.labelled).nonzero().squeeze(1)

    @property
    def margins(self) -> Tensor:
        """(N,) float64: p_1 - p_2, the greatest probability less the second."""
        first, second = self.probabilities.topk(2, dim=1).values.unbind(1)
        return first - second

    def sampled(self, count: int, generator: torch.Generator) -> Tensor:
        """(count, N, K) float64 probabilities under as many draws of the learner's dropout."""
        return self.learner.sampled(self.rows, count, generator)


class Acquisition(Method):
    """A method overrides `choose`, or `score` where rows are chosen one by one: those that score highest.

    p_1 >= p_2 >= ... are a row's probabilities by the learner, which was fitted anew to all labels bought so far.
    """

    kind = "acquisition"
    trains = False

    def choose(self, pool: Pool, count: int, generator: torch.Generator) -> Tensor:
        """(count,) int64: different places in the pool without labels. Of equal scores the pool's first go first."""
        unlabelled = pool.unlabelled
        order = self.score(pool, generator)[unlabelled].argsort(descending=True, stable=True)
        return unlabelled[order[:count]]

    def score(self, pool: Pool, generator: torch.Generator) -> Tensor:
        """(N,) how much each row is wanted."""
        raise NotImplementedError
