"""The plain mean of two fine-tuned networks, which forgets where they came from."""

from pipeline.contract import Batch, Context, Tensor, torch
from pipeline.methods.robust_fine_tuning import Merging, Network


class UniformSoup(Merging):
    """w = (w_1 + w_2) / 2: Model Stock with t = 1. Wortsman et al. (2022), of two networks.

    Both are trained in one run, as two runs would: each sees every image once an epoch, in an order and in views of
    its own. The loss is the sum of theirs, which share nothing, so that each has its own gradient.
    """

    paper = "model_stock"
    training_only = ("anchor", "second")

    second: Network

    def build(self, context: Context) -> None:
        super().build(context)
        self.batch_size = context.batch_size
        self.second = Network(self)

    def stream_sizes(self, batch_size: int) -> dict[str, int]:
        return {"train": 2 * batch_size}

    def arrange(self, order: Tensor) -> Tensor:
        """The first and the second round of all images side by side, a batch half of each."""
        rounds, size = order.view(2, -1), self.batch_size
        steps = rounds.shape[1] // size
        return rounds[:, : steps * size].view(2, steps, size).transpose(0, 1).reshape(-1)

    def loss(self, batch: Batch) -> Tensor:
        (one, two), (own, other) = batch.views[0].chunk(2), batch.labels.chunk(2)
        first = self.objective(self.logits(self.encoder(one)), own)
        return first + self.objective(self.second(two), other)

    def shares(self) -> list[Tensor]:
        """t for each tensor of weights."""
        return [torch.ones(())] * len(self.weights)

    def merge(self) -> float:
        shares = self.shares()
        for t, before, one, two in zip(
            shares, self.anchor.parameters(), self.weights, self.second.parameters(), strict=True
        ):
            one.copy_(t * (one + two) / 2 + (1 - t) * before)
        sizes = torch.tensor([float(weight.numel()) for weight in self.weights])
        return float((torch.stack(shares).cpu() * sizes).sum() / sizes.sum())
