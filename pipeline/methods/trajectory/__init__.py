"""Cross-entropy that keeps predictions near those of the same network earlier in training."""

import torch
import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, setting
from pipeline.methods.classifier.cross_entropy import CrossEntropy


class Trajectory(CrossEntropy):
    """L = CE + lambda tau^2 KL(softmax(z' / tau) || softmax(z / tau)), z' logits of an earlier network.

    The second term begins after the epoch `start` (counted from 0) and stands for the loss's sharpness: it is large
    where a step has changed predictions much. tau^2 is the authors' code's. Members override `earlier`.
    """

    weight: float = setting(0.3, low=0.0)
    temperature: float = setting(5.0, low=0.1)
    start: int = setting(5, unit="epochs", low=0)
    epoch: int = 0

    def build(self, context: Context) -> None:
        super().build(context)
        self.classes = context.num_classes

    def start_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def earlier(self, batch: Batch, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, K) of the batch earlier in training, and which of them there are, (B,) zeros and ones."""
        raise NotImplementedError

    def loss(self, batch: Batch) -> Tensor:
        logits = self.logits(self.encoder(batch.views[0]))
        with torch.no_grad():
            past, known = self.earlier(batch, logits)
        loss = self.objective(logits, batch.labels)
        if self.epoch <= self.start:
            return loss
        now, then = ((z / self.temperature).log_softmax(1) for z in (logits, past))
        change = F.kl_div(now, then, reduction="none", log_target=True).sum(1)
        return loss + self.weight * self.temperature**2 * (known * change).mean()
