"""A sharpness-aware step as wide as predictions have just moved: the trust region sets the radius."""

from typing import ClassVar

from pipeline.contract import Batch, Context, Tensor, setting, torch
from pipeline.methods.robust_fine_tuning import FineTuning, Network
from pipeline.methods.sharpness_aware import SharpnessAware
from pipeline.ops.batch_statistics import unmoved
from pipeline.ops.divergences import kl_of_logits
from pipeline.ops.sharpness import ascent


class TRAM(SharpnessAware, FineTuning):
    """SAM with e = d g / |g|, d = rho KL(p_ref || p) over the batch, p_ref the predictions at theta_{t-1}.

    Members have another reference. d is no setting: it is 0 at the first step, which is SGD's. The authors' released
    code fills e with ones times d / |g| where the paper has g, which would move all weights by the same amount; the
    paper is taken. Their KL is also divided by the number of classes and by the batch size once more; here it is the
    mean over examples, in nats, and rho says how much radius a nat is worth. With `adaptive` off the radius is the mean
    of all d so far, which forgets what this step's is. The reference normalises by the batch, as the network does.
    """

    paper = "tram"
    rho = 1.0
    training_only: ClassVar[tuple[str, ...]] = ("reference",)
    adaptive: bool = setting(True)

    reference: Network
    epoch: int = 0
    radii: Tensor
    total: Tensor
    d: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.reference = Network(self).requires_grad_(False)
        self.register_buffer("radii", torch.zeros(context.epochs))
        self.register_buffer("total", torch.zeros(2))  # the sum of all d, and how many they are
        self.steps_per_epoch = context.steps_per_epoch

    def start_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    @torch.no_grad()
    def reference_logits(self, batch: Batch) -> Tensor:
        with unmoved(self.reference):
            return self.reference(batch.views[0])

    def climb(self, batch: Batch) -> Tensor:
        with torch.no_grad():
            told = self.reference_logits(batch)
        logits = self.logits(self.encoder(batch.views[0]))
        loss = self.objective(logits, batch.labels)
        loss.backward()
        d = self.radius() * kl_of_logits(told, logits.detach())
        self.total += torch.stack([d, torch.ones_like(d)])
        self.d = d if self.adaptive else self.total[0] / self.total[1]
        self.radii[self.epoch] += self.d / self.steps_per_epoch
        return loss

    def ascend(self, gradients: list[Tensor], radius: float) -> list[Tensor]:
        return ascent(gradients, self.d.item())

    def after_backward(self, epoch: int) -> None:
        """Before the optimiser moves them: the weights that are the last step's when the next one comes."""
        with torch.no_grad():
            torch._foreach_copy_(list(self.reference.parameters()), self.weights)
