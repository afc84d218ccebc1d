"""Small and large batches from one start: whether a barrier lies between where they lead."""

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops.small_sets import images
from pipeline.ops.tanh_networks import TanhNetwork

EXAMPLES, INPUTS = 200, 15
STEPS, BATCH = 1000, 10


class BatchBasin(Check):
    """Two hidden layers of 16 tanh units on images of digits, trained from one start with all examples and with few.

    Sagun, Evci, Guney, Dauphin and Bottou 2018: solutions of small and of large batches seem to lie in different
    basins, but are connected through a flat region, and so in one. Here are gradient descent with all 200 examples and
    with batches of 10, as many steps of one size, and the loss along the straight line between their ends, at 21
    points. The barrier is how far it rises above the higher end; the paper leaves room for curved paths.
    """

    paper = "hessian_bulk"

    classes: int = setting(10, low=2, high=10)
    rate: float = setting(0.3, low=0.001)
    apart: bool = setting(False)
    """The control: small batches start elsewhere."""

    def draw(self, size: int, random: Random) -> tuple[TanhNetwork, Array, Array, Array]:
        network = TanhNetwork(*images(self.classes, EXAMPLES, INPUTS, random), (INPUTS, 16, 16, self.classes))
        start, batches = network.started(random), random.integers(EXAMPLES, size=(STEPS, BATCH))
        return network, start, batches, network.started(random) if self.apart else start

    def measure(self, sample: tuple[TanhNetwork, Array, Array, Array], size: int) -> dict[str, float]:
        network, start, batches, other = sample
        large = network.stepped(start, np.tile(np.arange(EXAMPLES), (STEPS, 1)), self.rate)
        small = network.stepped(other, batches, self.rate)
        losses = [network.loss(large + share * (small - large))[0] for share in np.linspace(0, 1, 21)]
        return {
            "level": max(losses) - max(losses[0], losses[-1]),
            "level_ends": max(losses[0], losses[-1]),
            "level_distance": float(np.linalg.norm(small - large) / np.linalg.norm(large - start)),
        }
