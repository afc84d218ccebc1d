"""Several networks are fitted from different beginnings, and their mean is climbed."""

import copy

from pipeline.contract import Batch, Context, Tensor, nn, setting, torch
from pipeline.methods.surrogate.gradient_ascent import GradientAscent


class EnsembleMean(GradientAscent):
    """L = sum_m (g_m(x) - y)^2; score(x) = mean_m g_m(x). Design-Bench has five networks. One is gradient ascent.

    All see the same batches; there each has a bootstrap of the designs. In the code of Design-Bench and of IGNITE the
    mean is a minimum, as for the other ensemble. No paper of the catalogue is its source.
    """

    paper = ""
    networks: int = setting(3, low=1)

    def build(self, context: Context) -> None:
        super().build(context)
        first = nn.Sequential(self.encoder, self.head)
        self.others = nn.ModuleList(copy.deepcopy(first) for _ in range(self.networks - 1))
        for module in self.others.modules():
            if isinstance(module, nn.Linear):
                module.reset_parameters()

    def scores(self, designs: Tensor) -> Tensor:
        """(M, B) of each network."""
        others = [other(designs).squeeze(1) for other in self.others]
        return torch.stack([self.predict(self.encoder(designs)), *others])

    def score(self, designs: Tensor) -> Tensor:
        return self.scores(designs).mean(0)

    def loss(self, batch: Batch) -> Tensor:
        scores = self.scores(batch.views[0])
        return len(scores) * self.objective(scores, batch.labels.expand_as(scores))
