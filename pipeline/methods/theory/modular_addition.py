"""Networks that add modulo a prime at the largest margin: one Fourier frequency a unit, and all frequencies in use."""

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops.monomial_networks import MonomialNetwork

PRIMES = (5, 7, 11, 13)


class ModularAddition(Check):
    """f(a, b)[c] = sum_i (u_i(a) + v_i(b))^2 w_i(c) for c = a + b mod p; the sizes are primes p.

    Morwani, Edelman, Oncescu, Zhao and Kakade 2024: with at least 4 (p - 1) units the largest margin over
    sum_i |(u_i, v_i, w_i)|^3 is sqrt(2 / 27) / (sqrt(p) (p - 1)). It is reached only by networks in which u_i, v_i and
    w_i are cosines of one frequency, with the phase of w_i the sum of those of u_i and v_i, and all (p - 1) / 2
    frequencies are among them.

    Trained by L-BFGS on all p^2 pairs, by cross-entropy with the cubes of units' norms as decay. Units whose cube is
    below a thousandth of the largest do not count: they are on their way to 0. Ours: the margin is a mean of single
    units' margins at best, so that of the best unit bounds it, which the tests work out.
    """

    paper = "margin_features"
    swept = "modulus p"

    largest: int = setting(11, low=5, high=13)
    """Of the primes, from 5 on."""
    width: int = setting(5, low=1)
    """Units, in p - 1."""
    plain: bool = setting(False)
    """A control: squares of norms as decay."""
    rectified: bool = setting(False)
    """A control: units (u_i(a) + v_i(b))_+, which grow with the square of weights, and squares as decay."""
    shuffled: bool = setting(False)
    """A control: a table of random results in place of sums."""

    def sizes(self) -> list[int]:
        return [p for p in PRIMES if p <= self.largest]

    def draw(self, size: int, random: Random) -> tuple[MonomialNetwork, Array]:
        a, b = np.divmod(np.arange(size**2), size)
        labels = random.integers(size, size=size**2) if self.shuffled else (a + b) % size
        inputs = np.concatenate([np.eye(size)[a], np.eye(size)[b]], axis=1)
        power, units = 2 if self.plain or self.rectified else 3, self.width * (size - 1)
        network = MonomialNetwork(inputs, labels, size, units, 2, 1e-4, power, self.rectified)
        return network, network.started(random, 0.5)

    def measure(self, sample: tuple[MonomialNetwork, Array], size: int) -> dict[str, float]:
        network, start = sample
        flat = network.trained(start)
        weights = flat.reshape(3, size, -1)[:, :, network.counting(flat)]
        waves = np.fft.rfft(weights, axis=1)
        power = (np.abs(waves) ** 2).sum(0) * np.where(np.arange(size // 2 + 1) == 0, 1, 2)[:, None]
        strongest = power[1:].argmax(0) + 1
        u, v, w = np.angle(waves[:, strongest, np.arange(len(strongest))])
        return {
            "margin": network.margin(flat),
            "share": float((power[strongest, np.arange(len(strongest))] / power.sum(0)).min()),
            "phase": float(np.abs(np.angle(np.exp(1j * (u + v - w)))).max()),
            "frequencies": float(len(set(strongest.tolist()))),
        }

    def predicted(self, size: int) -> dict[str, float]:
        return {"margin": float(np.sqrt(2 / 27 / size) / (size - 1)), "frequencies": (size - 1) / 2}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        ratios = curves["margin"] / np.array([self.predicted(size)["margin"] for size in sizes])
        return {
            "deviation": ratios.min(1) - 1,
            "gap": ratios.max(1) - 1,
            "level_share": curves["share"].min(1),
            "level_phase": curves["phase"].max(1),
            "level_frequencies": curves["frequencies"].sum(1),
        }
