"""Every image has a temperature of its own, learned so that images with many lookalikes repel less sharply."""

from pipeline.contract import Batch, Context, Tensor, setting, torch
from pipeline.methods.joint_embedding import JointEmbedding
from pipeline.ops.similarity import positives_and_negatives


class ISogCLR(JointEmbedding):
    """min over encoder and tau_i of tau_i log E_j exp((s_ij - s_ii)/tau_i) + tau_i rho, tau_i in [low, high].

    E_j, the mean over negatives, is estimated by a moving average over visits of image i, g_i <- (1 - gamma) g_i +
    gamma mean_j exp(s_ij/tau_i), so that no large batch is needed. The loss is the surrogate with that gradient,
    sum_j w_ij s_ij - s_ii with constant w_ij = exp(s_ij/tau_i) / (count g_i), mean over both views. tau_i descends
    log g_i + rho - sum_j w_ij s_ij/tau_i, clipped to +-3, with momentum; s_ii cancels there. gamma = 1 and
    `temperature_rate` 0 leave tau times DCL's gradient; SogCLR is `temperature_rate` 0.

    As in the public code, whose settings for CIFAR-100 these are. It takes the first epoch's g_i as they come, here
    an image's first, and sums the two views where this is the mean.
    """

    paper = "isogclr"
    training_only = ("projector", "averages", "slopes", "temperatures")
    temperature: float = setting(0.1, unit="cosine", low=1e-3)
    lowest_temperature: float = setting(0.05, unit="cosine", low=1e-3)
    highest_temperature: float = setting(1.0, unit="cosine", low=1e-3)
    rho: float = setting(0.4, unit="nats", low=0.0)
    gamma: float = setting(0.8, unit="share", low=0.0, high=1.0)
    temperature_rate: float = setting(0.03, unit="cosine per nat", low=0.0)
    temperature_momentum: float = setting(0.5, unit="share of the newest slope", low=0.0, high=1.0)

    averages: Tensor
    slopes: Tensor
    temperatures: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("averages", torch.zeros(context.train_examples))
        self.register_buffer("slopes", torch.zeros(context.train_examples))
        self.register_buffer("temperatures", torch.full((context.train_examples,), self.temperature))
        self.visited: tuple[Tensor, Tensor, Tensor] | None = None

    def loss(self, batch: Batch) -> Tensor:
        self.places = batch.indices
        return super().loss(batch)

    def objective(self, *z: Tensor) -> Tensor:
        positives, negatives = (cosines.float() for cosines in positives_and_negatives(*z))
        tau = self.temperatures[self.places].repeat(2)
        scaled = (negatives.detach() / tau[:, None]).exp() / (len(tau) - 2)
        now, before = scaled.sum(1), self.averages[self.places].repeat(2)
        average = torch.where(before == 0, now, before.lerp(now, self.gamma))
        # an anchor's own image is -inf among the negatives, with weight 0
        repulsion = (scaled / average[:, None] * negatives.clamp_min(-1)).sum(1)
        slope = average.log() + self.rho - repulsion.detach() / tau
        self.visited = (self.places, average.view(2, -1).mean(0), slope.view(2, -1).mean(0).clamp(-3, 3))
        return (repulsion - positives).mean()

    def after_step(self) -> None:
        if self.visited is not None:
            places, average, slope = self.visited
            momentum = self.slopes[places].lerp(slope, self.temperature_momentum)
            tau = self.temperatures[places] - self.temperature_rate * momentum
            self.averages[places], self.slopes[places] = average, momentum
            self.temperatures[places] = tau.clamp(self.lowest_temperature, self.highest_temperature)
            self.visited = None
