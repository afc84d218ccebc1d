"""Adam with curvature for its second moment: an average of the squared diagonal of the Hessian."""

from typing import Any

from pipeline.contract import Batch, Context, Tensor, setting, torch
from pipeline.methods.optimizer import Groups, Optimised
from pipeline.ops.stepping import kept
from pipeline.training.optim import Stepping

EPSILON = 1e-4


class AdaHessian(Optimised):
    """w <- w - lr (m^ / (sqrt(v^)^k + eps) + wd w), v the average of D^2, D = |z * Hz|, z random signs (algorithm 1).

    H z is the gradient of g^T z, by a second backward pass through the step's own graph (Hutchinson's method). D of a
    kernel is the mean over its places (`spatial`), the paper's spatial averaging. In the text signs are kept until
    after the mean; the authors' code averages sizes, which is what their results are of, and so is it here. `signed`
    is the text's. Defaults are theirs, and the study's rate is near their 0.15. Every `renewal` steps D is measured
    anew, and kept between them.
    """

    paper = "ada_hessian"
    training_only = ("peaks", "diagonal", "count")
    beta1: float = setting(0.9, low=0.0, high=0.9999)
    beta2: float = setting(0.999, low=0.0, high=0.99999)
    power: float = setting(1.0, unit="exponent of the curvature (k)", low=0.0, high=1.0)
    spatial: bool = setting(True)
    signed: bool = setting(False)
    renewal: int = setting(1, unit="steps", low=1)

    count: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))
        for number, weight in enumerate(self.parameters()):
            self.register_buffer(f"diagonal_{number}", torch.zeros_like(weight.detach()))

    def diagonals(self) -> list[Tensor]:
        return [getattr(self, f"diagonal_{number}") for number, _ in enumerate(self.parameters())]

    def optimizer(self, groups: Groups) -> torch.optim.Optimizer:
        diagonals: dict[Tensor, Tensor] = dict(zip(self.parameters(), self.diagonals(), strict=True))
        return Curved(groups, {"betas": (self.beta1, self.beta2), "power": self.power}, diagonals)

    def backward(self, batch: Batch) -> Tensor:
        if int(self.count) % self.renewal:
            return super().backward(batch)
        loss, weights = self.loss(batch), list(self.parameters())
        slopes = torch.autograd.grad(loss, weights, create_graph=True)
        signs = [2.0 * torch.randint_like(weight, high=2) - 1 for weight in weights]
        products = torch.autograd.grad(slopes, weights, signs, materialize_grads=True)
        for weight, slope, kept_, sign, product in zip(weights, slopes, self.diagonals(), signs, products, strict=True):
            weight.grad = slope.detach()
            found = sign * product if self.signed else product.abs()
            if self.spatial and found.ndim == 4:
                found = found.mean((2, 3), keepdim=True).expand_as(found)
            kept_.copy_(found)
        return loss

    def after_step(self) -> None:
        self.count += 1


class Curved(Stepping):
    """diagonals: of each parameter, D: buffers of the method."""

    def __init__(self, groups: Groups, defaults: Any, diagonals: dict[Tensor, Tensor]) -> None:
        super().__init__(groups, defaults)
        self.diagonals = diagonals

    def update(self, group: Any, parameters: list[Tensor], gradients: list[Tensor], states: list[Any]) -> None:
        first, second = group["betas"]
        averages, squares = (kept(states, name, parameters) for name in ("exp_avg", "curvature"))
        for weight, gradient, m, v, state in zip(parameters, gradients, averages, squares, states, strict=True):
            t = state["steps"] = state.get("steps", 0) + 1
            m.lerp_(gradient, 1 - first)
            v.lerp_(self.diagonals[weight].square(), 1 - second)
            size = (v / (1 - second**t)).sqrt() ** group["power"] + EPSILON
            weight.sub_(group["lr"] * (m / (1 - first**t) / size + group["weight_decay"] * weight))
