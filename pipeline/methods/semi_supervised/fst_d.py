"""Learning from the future, deeply: the teacher that labels has followed the student some steps ahead of itself."""

from collections.abc import Sequence

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, nn, setting, torch
from pipeline.methods.semi_supervised import SemiSupervised
from pipeline.ops.ema import follow, follower
from pipeline.ops.pseudo_labels import pseudo_labels
from pipeline.ops.virtual_steps import remembered


class FSTD(SemiSupervised):
    """L_u = s mean_b H(argmax q_b, p(A(u_b))), q_b = p_phi(a(u_b)) of the teacher phi, s the share with max q_b >= tau.

    A step from theta: phi <- m phi + (1 - m) theta; then K times a virtual step, theta' <- theta' - eta grad L with
    labels of phi, and phi <- m phi + (1 - m) theta'; then the real step from theta with labels of the phi that has
    seen the future. K = 0 is a mean teacher. As in the authors' code all K + 1 steps are on one batch, phi moves K + 1
    times a step and never back, and m rises as n/(n + 1) of its n moves until it reaches 0.999.

    Ours: the code puts back the weights alone, where Adam's moments and the statistics of normalisation keep what the
    virtual steps did to them; here they are put back too. It learns to segment: s is a share of pixels there, and
    strong views are mixed with labelled images. The teacher normalises by its own batch, as there.
    """

    paper = "fst"
    streams = {"unlabelled": ("full", "strong")}
    training_only = ("moves",)

    steps_ahead: int = setting(3, unit="virtual steps", low=0)
    momentum: float = setting(0.999, low=0.0, high=1.0)
    threshold: float = setting(0.968, unit="probability", low=0.0, high=1.0)

    moves: Tensor
    teacher: nn.ModuleList

    def build(self, context: Context) -> None:
        super().build(context)
        self.teacher = follower(self.student())
        self.register_buffer("moves", torch.ones((), dtype=torch.int64))

    def student(self) -> nn.ModuleList:
        return nn.ModuleList([self.encoder, self.head])

    def move_teacher(self, towards: nn.Module) -> None:
        moves = int(self.moves)
        follow(self.teacher, towards, min(moves / (moves + 1), self.momentum))
        self.moves += 1

    def step(self, batch: Batch, optimizers: Sequence[torch.optim.Optimizer], epoch: int) -> Tensor:
        student = self.student()
        put_back = remembered(student, optimizers)
        self.move_teacher(student)
        for _ in range(self.steps_ahead):
            super().step(batch, optimizers, epoch)
            self.move_teacher(student)
        put_back()
        return super().step(batch, optimizers, epoch)

    def unlabelled_loss(self, batch: Batch, *logits: Tensor) -> Tensor:
        with torch.no_grad():
            classes, weights = self.pseudo_labels(batch.views[0], batch.indices)
        return (weights * F.cross_entropy(logits[1], classes, reduction="none")).mean()

    def pseudo_labels(self, plain: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        encoder, head = self.teacher
        return self.assign(head(encoder(plain)))

    def assign(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        classes, sure = pseudo_labels(logits, self.threshold)
        return classes, sure.to(logits.dtype).mean().expand(len(classes))
