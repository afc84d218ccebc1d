"""Critics of Wasserstein generative adversarial networks."""

from collections.abc import Callable

import torch
from torch import Tensor


def gradient_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, made: Tensor) -> Tensor:
    """mean (|grad D(x)|_2 - 1)^2 at x between real and made examples (B, D), one place on each line drawn at random.

    critic: what makes numbers (B,) or (B, 1) of (B, D), each of its own row alone. Gulrajani et al. 2017, equation 3.
    """
    share = torch.rand(len(real), 1, device=real.device, dtype=real.dtype)
    between = (share * real + (1 - share) * made).detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return (slope.norm(dim=1) - 1).square().mean()
