"""A student's softmax over learned prototypes, from any crop, must match a momentum teacher's from a full crop."""

from collections.abc import Sequence
from typing import Any

from pipeline.contract import Context, Tensor, nn, setting, torch
from pipeline.methods.self_distillation import MomentumTarget
from pipeline.ops.heads import CosineLinear, mlp


class DINO(MomentumTarget):
    """Equation 3: -sum_k P_t(x)^(k) log P_s(x')^(k) over full crops x, other crops x', mean over both and images.

    P_s = softmax(g_s(x') / tau_s) and P_t = softmax((g_t(x) - c) / tau_t), K prototypes. Equation 4: the centre c
    is a moving average of the teacher's outputs, updated after the loss. tau_t rises linearly from
    `first_teacher_temperature` over `warmup`: 30 of the paper's 300 epochs. The head has three layers with GELU, batch
    normalised if `head_batch_norm` (an option of the public code), then unit length, then prototypes of unit length,
    which are still for the first `frozen_epochs`. It begins, as in the public code, with small weights and no biases:
    biases would turn all images in one direction. Left out: gradient clipping and a schedule of weight decay.
    """

    paper = "dino"
    training_only = ("projector", "target", "centre")
    projection_hidden: int = setting(2048, unit="units", low=1)
    projection_dim: int = setting(256, unit="units", low=1)
    prototypes: int = setting(65536, unit="prototypes", low=2)
    small_crops: int = setting(8, unit="views", low=0)
    temperature: float = setting(0.1, unit="cosine", low=1e-3)
    teacher_temperature: float = setting(0.07, unit="cosine", low=1e-3)
    first_teacher_temperature: float = setting(0.04, unit="cosine", low=1e-3)
    warmup: float = setting(0.1, unit="share of training", low=0.0, high=1.0)
    centre_momentum: float = setting(0.9, low=0.0, high=1.0)
    frozen_epochs: int = setting(1, unit="epochs", low=0)
    head_batch_norm: bool = setting(False)

    centre: Tensor

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.views: tuple[str, ...] = ("full", "full", *["small"] * self.small_crops)

    def build(self, context: Context) -> None:
        widths = [context.feature_dim, self.projection_hidden, self.projection_hidden, self.projection_dim]
        head = mlp(widths, activation=nn.GELU, batch_norm=self.head_batch_norm)
        for name, parameter in head.named_parameters():
            if parameter.ndim > 1:
                nn.init.trunc_normal_(parameter, std=0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)
        self.projector = nn.Sequential(head, CosineLinear(widths[-1], self.prototypes))
        self.predictor = nn.Identity()
        self.register_buffer("centre", torch.zeros(self.prototypes))
        self.mean: Tensor | None = None
        super().build(context)

    def targets(self, views: list[Tensor], z: list[Tensor]) -> Sequence[Tensor]:
        outputs = super().targets(views, z)
        self.mean = torch.stack(list(outputs)).mean((0, 1))
        risen = min(1.0, self.progress / self.warmup) if self.warmup else 1.0
        first = self.first_teacher_temperature
        temperature = first + risen * (self.teacher_temperature - first)
        return [((output - self.centre) / temperature).softmax(1) for output in outputs]

    def compare(self, prediction: Tensor, target: Tensor) -> Tensor:
        return -(target * (prediction / self.temperature).log_softmax(1)).sum(1).mean()

    def after_backward(self, epoch: int) -> None:
        if epoch < self.frozen_epochs:
            self.projector.get_submodule("1").zero_grad()

    def after_step(self) -> None:
        super().after_step()
        if self.mean is not None:
            self.centre.lerp_(self.mean, 1 - self.centre_momentum)
            self.mean = None
