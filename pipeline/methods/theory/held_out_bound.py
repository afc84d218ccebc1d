"""What every bound must beat: Hoeffding's inequality on images that were held out."""

from functools import lru_cache

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops import pac_bayes
from pipeline.ops.small_sets import digits


class HeldOutBound(Check):
    """The nearest neighbour among n digits, with risk at most the error on n others plus sqrt(log(1 / delta) / (2n)).

    Neighbours are by the sums of the eight rows, which leave much to err in. The population *is* the bundled digits,
    drawn from with replacement, so that the risk is exact; delta is 5%.
    """

    paper = ""

    images: int = setting(100, low=1)
    training: bool = setting(False)
    """The error on training images in place of that on others, to which the inequality does not apply."""

    def draw(self, size: int, random: Random) -> Array:
        """(2, n) images for training, and held out."""
        return random.integers(len(_distances()), size=(2, self.images))

    def measure(self, sample: Array, size: int) -> dict[str, float]:
        known, held_out = sample
        labels = digits()[1]
        wrong = labels[known][_distances()[known].argmin(0)] != labels
        bound = pac_bayes.hoeffding(wrong[known if self.training else held_out].mean(), self.images, 0.05)
        return {"violation": float(wrong.mean() > bound), "gap": float(bound - wrong.mean())}


@lru_cache
def _distances() -> Array:
    """(N, N) of all digits' sums of rows to each other."""
    from scipy.spatial.distance import cdist

    rows = digits()[0].reshape(-1, 8, 8).sum(2)
    return np.asarray(cdist(rows, rows))
