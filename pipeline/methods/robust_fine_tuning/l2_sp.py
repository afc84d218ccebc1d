"""Weight decay that pulls towards the base's weights in place of zero."""

from pipeline.contract import Batch, Context, Tensor, setting, torch
from pipeline.methods.robust_fine_tuning import FineTuning, Network


class L2SP(FineTuning):
    """L + alpha / 2 |w - w_0|^2 over all weights, the head's included, since the base's head is gone on with.

    Li, Grandvalet and Davoine (2018), whose head is new and decays towards zero. The study's own weight decay stays.
    """

    paper = ""
    training_only = ("anchor",)
    alpha: float = setting(0.1, low=0.0)

    anchor: Network

    def build(self, context: Context) -> None:
        super().build(context)
        self.anchor = Network(self).requires_grad_(False)

    def loss(self, batch: Batch) -> Tensor:
        pairs = zip(self.weights, self.anchor.parameters(), strict=True)
        pull = torch.stack([(now - before).square().sum() for now, before in pairs]).sum()
        return super().loss(batch) + self.alpha / 2 * pull
