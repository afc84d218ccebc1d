"""A Wasserstein generative adversarial network makes features of a class from its attributes, such that a classifier of
the seen classes recognises them."""

from collections.abc import Callable, Sequence

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, nn, setting, torch
from pipeline.methods.zero_shot import Synthesis
from pipeline.ops.critics import gradient_penalty
from pipeline.ops.heads import mlp


class FCLSWGAN(Synthesis):
    """Critic: min E D(x~, a) - E D(x, a) + lambda E (|grad D(x^, a)|_2 - 1)^2; generator, once after five such steps:
    min -E D(x~, a) + beta E -log p(y | x~), with x~ = G(z, a), z ~ N(0, I) of the attributes' dimension, and p the
    frozen softmax of seen classes (equations 2 to 4). Both have one hidden layer of leaky ReLUs (0.2), G ends in ReLU;
    lambda is 10, beta 0.01, and a softmax learns from real and made features, which lie in [0, 1].

    beta = 0 is the paper's f-WGAN. Ours: the frozen softmax is the base's own, on its own features; hidden layers have
    `hidden` in place of 4,096 and torch's first weights in place of N(0, 0.02^2), with which 64 features hardly begin
    to move; each loop step is one of the critic. Both optimisers forget sooner (0.5 for the first moment), as in the
    authors' code, from which the sizes are too.
    """

    paper = "f_clswgan"
    beta: float = setting(0.01, low=0.0)
    lambda_: float = setting(10.0, low=0.0)
    critic_steps: int = setting(5, low=1)
    hidden: int = setting(256, low=1)
    emphasis: float = setting(5.0, unit="examples of an unseen class to one of a seen class", low=0.0)
    training_only = (*Synthesis.training_only, "critic", "taken")

    taken: Tensor
    """() steps of the critic."""

    def build(self, context: Context) -> None:
        super().build(context)
        size = self.attributes.shape[1]
        self.generator = mlp([2 * size, self.hidden, self.width], activation=_leaky)
        self.critic = mlp([self.width + size, self.hidden, 1], activation=_leaky)
        self.register_buffer("taken", torch.tensor(0))

    def optimizers(
        self, make: Callable[[nn.Module], torch.optim.Optimizer], phase: int
    ) -> Sequence[torch.optim.Optimizer]:
        if phase:
            return super().optimizers(make, phase)
        both = [make(self.critic), make(self.generator)]
        for group in (group for optimizer in both for group in optimizer.param_groups if "betas" in group):
            group["betas"] = (0.5, 0.999)
        return both

    def step(self, batch: Batch, optimizers: Sequence[torch.optim.Optimizer], epoch: int) -> Tensor:
        if self.phase:
            return super().step(batch, optimizers, epoch)
        real, labels = self.stored[batch.indices], batch.labels
        losses = [self.critic_loss, self.generator_loss]
        self.taken += 1
        if self.taken % self.critic_steps:
            losses = losses[:1]
        for compute, optimizer in zip(losses, optimizers, strict=False):
            for each in optimizers:
                each.zero_grad(set_to_none=True)
            loss = compute(real, labels)
            loss.backward()
            optimizer.step()
        return loss.detach()

    def critic_loss(self, real: Tensor, labels: Tensor) -> Tensor:
        attributes = self.attributes[labels]
        made = self.make(labels).detach()
        penalty = gradient_penalty(lambda rows: self.judged(rows, attributes), real, made)
        gap = self.judged(made, attributes).mean() - self.judged(real, attributes).mean()
        return gap + self.lambda_ * penalty

    def generator_loss(self, real: Tensor, labels: Tensor) -> Tensor:
        made = self.make(labels)
        value = -self.judged(made, self.attributes[labels]).mean()
        if not self.beta:
            return value
        logits = self.classifier.logits(made * self.scale + self.shift)[:, : self.seen]
        # the softmax is of seen classes, and with a few images of others a batch may have these
        known = labels < self.seen
        errors = F.cross_entropy(logits[known], labels[known], reduction="sum")
        return value + self.beta * errors / known.sum().clamp_min(1)

    def judged(self, features: Tensor, attributes: Tensor) -> Tensor:
        """(B, 1) D of features (B, F) with attributes (B, A)."""
        found: Tensor = self.critic(torch.cat([features, attributes], 1))
        return found

    def make(self, labels: Tensor, generator: torch.Generator | None = None) -> Tensor:
        attributes = self.attributes[labels]
        noise = torch.randn(attributes.shape, generator=generator) if generator else torch.randn_like(attributes)
        made: Tensor = self.generator(torch.cat([noise.to(attributes.device), attributes], 1))
        return made.relu()


def _leaky() -> nn.Module:
    return nn.LeakyReLU(0.2)
