"""In training the true logit is lowered at random, the less the better it fits, so that the softmax saturates later."""

from pipeline.contract import Batch, Tensor, nn, setting, torch
from pipeline.methods.classifier.cross_entropy import CrossEntropy


class NoisySoftmax(CrossEntropy):
    """Cross-entropy with f_y <- f_y - alpha |W_y| |x| (1 - cos theta_y) |xi|, xi ~ N(0, 1) for each example.

    theta_y is the angle of feature x and weight W_y, so that the noise anneals by itself as features turn to their
    class's weight. Other logits, the bias and evaluation have none. |W_y| |x| (1 - cos theta_y) is computed as
    |W_y| |x| - <W_y, x>, and the gradient flows through it. alpha = 0 is cross-entropy.

    Neither the paper's tables nor its code were at hand; its formula and alpha are taken from a published summary,
    which finds alpha of about 0.1 best. Should the tables list alpha^2, alpha is 0.32: the study has both.
    """

    paper = "noisy_softmax"
    alpha: float = setting(0.1, low=0.0)

    head: nn.Linear

    def loss(self, batch: Batch) -> Tensor:
        x = self.encoder(batch.views[0])
        weight = self.head.weight[batch.labels]
        slack = weight.norm(dim=1) * x.norm(dim=1) - (weight * x).sum(1)
        noise = self.alpha * slack * torch.randn_like(slack).abs()
        z = self.logits(x)
        return self.objective(z.scatter_add(1, batch.labels[:, None], -noise[:, None]), batch.labels)
