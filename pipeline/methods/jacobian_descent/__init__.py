"""Classifiers for which each example's loss is an objective of its own, and a step is made of all their gradients."""

from pipeline.contract import Batch, Context, Tensor, setting, torch
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.ops.per_example import gradients
from pipeline.ops.vectors import give, split

SPARED = 0.01


class JacobianDescent(CrossEntropy):
    """Instance-wise risk minimisation: J (m, d) has the gradient of each example's cross-entropy, a step goes along
    J^T w, and members say what weights w (m,) the Gram matrix G = J J^T asks for (`weights`).

    The optimiser is the study's, given J^T w in place of the mean's gradient. As in the authors' library, G is divided
    by its trace, and `regularisation` is added to its diagonal, before anything is solved; in float64. Needs a network
    without batch normalisation.

    `conflict_share`, told after each epoch, is the share in percent of examples whose loss the direction J^T w raises
    to first order by more than a hundredth of what it lowers the mean by. What rounding makes of 0 is less than that.
    A little conflict is left by the regularisation to members that have none without it.
    """

    training_only = ("conflicts",)
    regularisation: float = setting(1e-4, unit="of the trace of G", low=1e-12)

    conflicts: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("conflicts", torch.zeros(2, dtype=torch.float64))

    def weights(self, gram: Tensor) -> Tensor:
        """(m,) float64 of G (m, m), of trace 1 and not regularised; they add up to 1 where no gradients conflict."""
        raise NotImplementedError

    def regular(self, gram: Tensor) -> Tensor:
        return gram + self.regularisation * torch.eye(len(gram), dtype=gram.dtype, device=gram.device)

    def backward(self, batch: Batch) -> Tensor:
        with torch.no_grad():
            loss = self.loss(batch)
            jacobian = gradients(self, batch.views[0], batch.labels)
            gram = (jacobian @ jacobian.T).double()
            weights = self.weights(gram / gram.trace().clamp_min(1e-30))
            along = gram @ weights
            harmed = along < -SPARED * along.mean().clamp_min(0.0)
            self.conflicts += torch.stack([harmed.double().mean(), torch.ones_like(along[0])])
            learnt = [parameter for parameter in self.parameters() if parameter.requires_grad]
            give(learnt, split(weights.to(jacobian) @ jacobian, learnt))
        return loss

    def observed(self) -> dict[str, float]:
        share, steps = self.conflicts.tolist()
        self.conflicts.zero_()
        return {"conflict_share": 100 * share / max(steps, 1.0)}
