"""SimGCD that goes on from session to session, with nothing against forgetting."""

from pipeline.contract import Batch, Tensor, setting, torch
from pipeline.methods.continual_discovery import Continual
from pipeline.methods.discovery import missing_entropy


class SimGCDInSessions(Continual):
    """L = H(q', p) + epsilon (log K - H(mean p)) + InfoNCE over all classes so far: the baseline of Ma et al. (2024).

    A session's prototypes begin where they were initialised at random.
    """

    paper = ""
    entropy_weight: float = setting(1.0, low=0.0)

    def session_loss(self, batch: Batch, features: Tensor, first: Tensor, second: Tensor) -> Tensor:
        logits = torch.cat([first, second]) / self.temperature
        return self.distillation(first, second) + self.entropy_weight * missing_entropy(logits)
