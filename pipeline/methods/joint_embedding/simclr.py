"""The two views of an image must find each other among all views of the batch."""

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.joint_embedding import JointEmbedding
from pipeline.ops.similarity import positives_and_negatives


class SimCLR(JointEmbedding):
    """NT-Xent, equation 1: l(i, j) = -log exp(sim(z_i, z_j)/tau) / sum_{k != i} exp(sim(z_i, z_k)/tau).

    The loss is the mean of l over the 2B ordered positive pairs. The public code adds the means of the two
    directions, which is twice that. The head is the paper's g(h) = W2 ReLU(W1 h); the public code also batch
    normalises it. The paper's temperature is 0.1 on ImageNet and 0.5 on CIFAR-10.
    """

    paper = "simclr"
    temperature: float = setting(0.1, unit="cosine", low=1e-3)

    def objective(self, *z: Tensor) -> Tensor:
        positives, negatives = (cosines / self.temperature for cosines in positives_and_negatives(*z))
        everything = torch.cat([positives[:, None], negatives], 1)
        return (everything.logsumexp(1) - positives).mean()
