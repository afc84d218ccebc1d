"""Sparsity of perturbations of trained classifiers: nothing is trained; test images are attacked under constraints."""

from functools import cached_property

import torch
from torch import Tensor

from pipeline.methods.classifier import Classifier
from pipeline.methods.sparsity import Sparsity
from pipeline.training import evidence
from pipeline.training.evidence import finite
from pipeline.training.job import Job, unchanged
from pipeline.training.loop import whole

prepare = unchanged
phases = whole


class Evidence(evidence.Evidence):
    """Draws are seeded by the study and the seed: networks are tried in the same directions as far as the images that
    they can be tried on are the same."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        assert isinstance(job.method, Sparsity)
        assert isinstance(job.base, Classifier)
        self._method, self._base = job.method, job.base

    @property
    def sparse(self) -> Tensor:
        """(N,) float64: of each test image, how wide a constraint must be; 0 where that is not defined."""
        return self._found[1]

    @property
    def breakable(self) -> Tensor:
        """(N,) bool: the test images of which it is."""
        return self._found[0]

    @cached_property
    def _found(self) -> tuple[Tensor, Tensor]:
        found, done = [], 0
        for views in self.job.views.plain(self.job.data.test_inputs):
            labels, facts = self.labels[done : done + len(views)], self.job.views.facts
            done += len(views)
            starts, draws = self.job.draws.generator("starts"), self.job.draws.generator("directions", str(done))
            breakable = self._method.breakable(self._classify, views, labels, facts, starts)
            sparse = torch.zeros(len(views), dtype=torch.float64, device=views.device)
            if breakable.any():
                chosen = self._method.sparsity(self._classify, views[breakable], labels[breakable], facts, draws)
                sparse[breakable] = finite(chosen, "least widths").double()
            found.append((breakable, sparse))
        return torch.cat([each for each, _ in found]), torch.cat([each for _, each in found])

    def _classify(self, views: Tensor) -> Tensor:
        return self._base.logits(self._base.encoder(views)).float()

    def arrays(self) -> dict[str, Tensor]:
        return {**super().arrays(), "sparse": self.sparse, "breakable": self.breakable}
