"""What losses tell of which half of a pair was trained on, against how badly an algorithm generalises."""

from typing import Any

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops.information import mutual_information, table


class SupersampleBounds(Check):
    """n pairs of examples; a fair coin U_i says which of pair i is trained on, and L+ and L- are the pair's 0-1 losses.

    Wang and Mao 2023, with dL_i = L_i- - L_i+ and in nats: risk less training error is at most the mean over i of
    sqrt(2 I(dL_i; U_i)), and at most C1 times the training error plus the mean of I(L_i; U_i) / C2, whichever C1 and
    C2 have exp(2 C2) + exp(-2 C2 (C1 + 1)) <= 2. Where training error is 0 the risk *is* the mean of
    I(dL_i; U_i) / log 2: unless dL_i is 0 it tells the coin, and if it is 0 then nothing of it. Constants are those of
    the authors' code; the tests derive the last two.

    The learner is nearest neighbours among two normal classes in the plane, for which all pairs are alike, so that
    their counts are added up. Many supersamples with one draw of coins each make a repetition, and the risk is measured
    on examples that are in no pair.
    """

    paper = "supersample_cmi"

    pairs: int = setting(10, low=2)
    supersamples: int = setting(1000, low=1)
    neighbours: int = setting(1, low=1)
    """With one alone there are no training errors: more are the control of the identity."""
    peeks: bool = setting(False)
    """The control: both halves of each pair are trained on, whatever the coins."""

    requires = ("neighbours <= pairs",)

    def draw(self, size: int, random: Random) -> dict[str, Array]:
        """`points` (S, n, 3, 2) and `labels` (S, n, 3), halves of each pair and a fresh example; `coins` (S, n)."""
        labels = random.integers(0, 2, (self.supersamples, self.pairs, 3))
        points = random.normal(size=(*labels.shape, 2))
        points[..., 0] += 2 * labels - 1
        return {"points": points, "labels": labels, "coins": random.integers(0, 2, labels.shape[:2])}

    def measure(self, sample: dict[str, Array], size: int) -> dict[str, float]:
        losses, coins = self._losses(**sample), sample["coins"]
        risk, error = losses[..., 2].mean(), np.take_along_axis(losses, coins[..., None], 2).mean()
        told = float(mutual_information(table(losses[..., 1] - losses[..., 0] + 1, coins, (3, 2))))
        halves = np.stack([table(losses[..., half], coins, (2, 2)) for half in (0, 1)])
        single = float(mutual_information(halves).mean())
        root, fast = np.sqrt(2 * told), fast_rate(error, single)
        return {
            "deviation": told / np.log(2) / risk - 1,
            "gap": root - (risk - error),
            "gap_fast": fast - (risk - error),
        }

    def _losses(self, points: Array, labels: Array, coins: Array) -> Array:
        """(S, n, 3) whether nearest neighbours err, at either half of each pair and at the fresh example."""
        count = len(points)
        if self.peeks:
            known, known_labels = points[:, :, :2].reshape(count, -1, 2), labels[:, :, :2].reshape(count, -1)
        else:
            known = np.take_along_axis(points, coins[..., None, None], 2)[:, :, 0]
            known_labels = np.take_along_axis(labels, coins[..., None], 2)[:, :, 0]
        asked = points.reshape(count, -1, 2)
        apart = sum((asked[:, :, None, axis] - known[:, None, :, axis]) ** 2 for axis in (0, 1))
        nearest = np.argpartition(apart, self.neighbours - 1, axis=2)[:, :, : self.neighbours]
        votes = np.take_along_axis(known_labels[:, None], nearest, 2).mean(2)
        found: Any = (votes > 0.5).reshape(labels.shape) != labels
        return np.asarray(found, np.int64)


def fast_rate(error: float, single: float) -> float:
    """The least C1 error + single / C2 over the pairs of constants, on a fine grid of C2 with the least C1 of each."""
    rates = np.log(2) / 2 * (1 - np.geomspace(1e-12, 0.999, 2000))
    weights = -np.log(2 - np.exp(2 * rates)) / (2 * rates) - 1
    return float((weights * error + single / rates).min())
