"""NT-Xent against the hardest negatives alone: at a high temperature no force is spent on the easy ones."""

from pipeline.contract import Context, Tensor, setting, torch
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.ops.heads import mlp
from pipeline.ops.similarity import positives_and_negatives


class HardContrastive(SimCLR):
    """-log exp(s_ii/tau) / (exp(s_ii/tau) + sum_{s_ij >= s_alpha} exp(s_ij/tau)), s_alpha the upper alpha quantile of
    the anchor's negatives: those below it have no force. `hard_share` is alpha; 1 gives NT-Xent.

    `simple` is the paper's linear loss on the same negatives, -s_ii + lambda sum_{s_ij >= s_alpha} s_ij, with lambda
    one over their number: up to scale the other's limit for tau -> infinity. The paper takes its negatives from a
    memory bank of all images; here they are the other views of the batch, and the head's output is batch normalised,
    since at the start the nearest of them are nearer than the positive and all embeddings would fall into one. There
    is no public code; the default alpha, 4095 of CIFAR's 50,000, and lambda could not be checked against the text.
    """

    paper = "contrastive_behaviour"
    hard_share: float = setting(0.0819, unit="share of negatives", low=0.0, high=1.0)
    simple: bool = setting(False)

    def build(self, context: Context) -> None:
        widths = [context.feature_dim, self.projection_hidden, self.projection_dim]
        self.projector = mlp(widths, last_batch_norm=True)

    def objective(self, *z: Tensor) -> Tensor:
        positives, negatives = positives_and_negatives(*z)
        # each anchor has two places without a negative: itself and its positive
        count = max(1, round(self.hard_share * (negatives.shape[1] - 2)))
        hardest = negatives.topk(count, dim=1, sorted=False).values
        if self.simple:
            return (hardest.mean(1) - positives).mean()
        everything = torch.cat([positives[:, None], hardest], 1) / self.temperature
        return (everything.logsumexp(1) - everything[:, 0]).mean()
