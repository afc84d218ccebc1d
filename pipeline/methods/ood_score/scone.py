"""Wild images are pushed beyond an energy margin while known ones must stay accepted and well classified."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, TrainingSet, nn, setting, torch
from pipeline.methods.ood_score import FineTuned


class SCONE(FineTuned):
    """Minimise the share of wild images taken for known, subject to two constraints, by augmented Lagrangian.

    With s = log sum_k exp f_k = -E and a learned line g(s) = u s + v, the objective is mean sigmoid(-g(s - eta)) over
    wild images; the constraints are mean sigmoid(g(s)) <= alpha over labelled ones and CE <= tau CE_0, CE_0 the
    classifier's loss on the training set before. eta < 0 is the margin: only images whose energy lies -eta above the
    boundary count as unknown, which spares wild images of known classes under a shift (eta = 0 is WOODS).
    A constraint c <= 0 adds lambda c + w c^2 / 2 where w c + lambda >= 0, else -lambda^2 / (2 w); after each epoch
    lambda moves by c, or by -lambda / w there, and w grows by half where c > 0. The score is -E.
    alpha, tau, the weights (1, 1, growth 1.5), the rate of lambda (1) and eta = -10 are the authors' code's. Ours:
    c of an epoch is the mean over its batches, where the code evaluates the training set anew; g starts at u = -1
    with its zero at the alpha-quantile of the training examples' s, where the code draws both at random.
    """

    paper = "scone"
    eta: float = setting(-10.0, unit="energy", high=0.0)
    alpha: float = setting(0.05, unit="share of known images rejected", low=0.0, high=1.0)
    tau: float = setting(2.0, unit="multiple of the loss before", low=0.0)
    growth: float = setting(1.5, unit="factor of a violated constraint's weight", low=1.0)
    training_only = ("slope", "offset", "loss_before", "multipliers", "weights", "sums", "batches")

    loss_before: Tensor
    multipliers: Tensor
    weights: Tensor
    sums: Tensor
    batches: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.slope, self.offset = nn.Parameter(torch.tensor(-1.0)), nn.Parameter(torch.tensor(0.0))
        self.register_buffer("loss_before", torch.tensor(0.0))
        # of the energy constraint and of that on cross-entropy
        self.register_buffer("multipliers", torch.zeros(2))
        self.register_buffer("weights", torch.ones(2))
        self.register_buffer("sums", torch.zeros(2))
        self.register_buffer("batches", torch.tensor(0))

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        self.model.eval()
        logits = torch.cat([self.model.logits(self.model.encoder(x)) for x in training.plain()])
        self.model.train()
        self.loss_before.copy_(F.cross_entropy(logits, training.labels))
        self.offset.copy_(logits.logsumexp(1).sort().values[int(self.alpha * (len(logits) - 1))])

    def start_epoch(self, epoch: int) -> None:
        if not self.batches:
            return
        violation = self.sums / self.batches
        active = violation * self.weights + self.multipliers >= 0
        self.multipliers += torch.where(active, violation, -self.multipliers / self.weights)
        self.weights *= torch.where(violation > 0, self.growth, 1.0)
        self.sums.zero_()
        self.batches.zero_()

    def objective(self, known: Tensor, labels: Tensor, wild: Tensor) -> Tensor:
        rejected = torch.sigmoid(self.slope * known.logsumexp(1) + self.offset).mean()
        accepted = torch.sigmoid(-self.slope * (wild.logsumexp(1) - self.eta) - self.offset).mean()
        excess = F.cross_entropy(known, labels) - self.tau * self.loss_before
        violation = torch.stack([rejected - self.alpha, excess])
        self.sums += violation.detach()
        self.batches += 1
        active = violation * self.weights + self.multipliers >= 0
        penalty = violation * self.multipliers + self.weights / 2 * violation.square()
        return accepted + torch.where(active, penalty, -self.multipliers.square() / (2 * self.weights)).sum()

    def score(self, inputs: Tensor) -> Tensor:
        return self.logits(inputs).logsumexp(1)
