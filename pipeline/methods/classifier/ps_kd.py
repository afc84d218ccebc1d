"""A network is its own teacher: its prediction of each example an epoch ago enters the target, ever more."""

import torch
import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, TrainingSet, setting
from pipeline.methods.classifier import Classifier


class PSKD(Classifier):
    """Cross-entropy with targets (1 - alpha_t) y + alpha_t p_{t-1}(x) with alpha_t = alpha_T t / T.

    t = 1 .. T counts epochs and p_{t-1}(x) is what the network said of x when it last met it in training: under that
    epoch's augmentation and in training mode, before the step it took part in. In the first epoch it is y, as in the
    authors' code; here also for an example that has fallen into an incomplete last batch so far. alpha_T = 0.8 is
    that of the authors' code; 0 is cross-entropy.
    """

    paper = "ps_kd"
    training_only = ("past",)
    alpha_final: float = setting(0.8, low=0.0, high=1.0)
    past: Tensor
    alpha: float = 0.0

    def build(self, context: Context) -> None:
        super().build(context)
        self.epochs = context.epochs
        self.register_buffer("past", torch.zeros(context.train_examples, context.num_classes))

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        self.past.copy_(F.one_hot(training.labels, self.past.shape[1]))

    def start_epoch(self, epoch: int) -> None:
        self.alpha = self.alpha_final * (epoch + 1) / self.epochs

    def loss(self, batch: Batch) -> Tensor:
        logits = self.logits(self.encoder(batch.views[0]))
        hard = F.one_hot(batch.labels, logits.shape[1]).float()
        target = hard.lerp(self.past[batch.indices], self.alpha)
        self.past[batch.indices] = logits.detach().softmax(1)
        return F.cross_entropy(logits, target)
