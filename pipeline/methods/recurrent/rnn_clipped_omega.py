"""Besides clipping, a penalty on the recurrent weights keeps the length of gradients on their way back in time."""

from pipeline.contract import Batch, Tensor, setting, torch
from pipeline.methods.recurrent import Clipped


class RNNClippedOmega(Clipped):
    """SGD-CR of Pascanu et al. (2013): Omega = sum_k (|d_{k+1} dh_{k+1}/dh_k| / |d_{k+1}| - 1)^2 (equation 9) is added.

    d_k = dE/dh_k is held fixed and so are the states h, so that Omega has a gradient in W alone, through
    dh_{k+1}/dh_k = diag(1 - h_{k+1}^2) W. As in the authors' code the ratio is that of the squared norms, where the
    text has norms; it is of each sequence, averaged over those with |d_k|^2 >= 1e-20 and over k, where the text has a
    sum; and alpha = 2 is the weight that goes with it. Clipping comes after it.
    """

    paper = "rnn_difficulty"
    tau: float = setting(1.0, unit="L2 norm over all parameters", low=0.0)
    alpha: float = setting(2.0, unit="weight of the penalty", low=0.0)

    LEAST = 1e-20

    def backward(self, batch: Batch) -> Tensor:
        states = self.recurrence.states(batch.views[0])
        for state in states:
            state.retain_grad()
        loss = self.objective(self.logits(states[-1]), batch.labels)
        loss.backward()
        slopes = torch.stack([state.grad for state in states if state.grad is not None])
        omega = self.omega(torch.stack(states).detach(), slopes)
        (self.alpha * omega).backward()
        return loss

    def omega(self, states: Tensor, slopes: Tensor) -> Tensor:
        """The penalty, given h_k and dE/dh_k, each (L, B, units); it has a gradient in W."""
        lengths = slopes.square().sum(2)
        back = (slopes * (1 - states.square())) @ self.recurrent
        there = lengths >= self.LEAST
        ratio = torch.where(there, back.square().sum(2) / lengths.where(there, lengths.new_ones(())), 1.0)
        return (ratio - 1).square().mean(1).sum() / there.float().mean(1).sum().clamp(min=1 / states.shape[1])
