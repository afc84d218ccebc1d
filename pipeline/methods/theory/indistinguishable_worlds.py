"""Linear functions over a finite field: an algorithm that learns some, and of which nobody can tell whether it has."""

from pipeline.methods.theory import Array, Check, Random, np, setting


class IndistinguishableWorlds(Check):
    """Targets x -> w.x over the field of q elements, x uniform in its d-th power; n examples, and the 0-1 loss.

    Gastpar, Nachum, Shafer and Weinberger 2024: where examples are fewer than dimensions, an algorithm that prefers
    targets in one subspace of n dimensions learns those, and then no estimate of its risk from sample, hypothesis and
    algorithm is near the truth for all targets. Our construction: it answers with a vector of the first n coordinates
    alone whenever one fits, else with any that fits. In one world w is such a vector, with risk 0 as soon as the n x n
    system is regular, which has probability P = prod_{i <= n} (1 - q^-i); in the other w is any vector, with risk
    1 - 1/q unless it is the answer by chance. A regular system fits in both worlds, and then sample and answer have one
    distribution. So the best estimate errs by P (1 - 1/q) / 2 or more in mean over worlds, but for q^-(d - n).

    The best estimate is the exact one by Bayes: the median of the risk, given the sample and the even odds of worlds.
    All that it needs are ranks, of all coordinates and of the preferred ones, by elimination modulo q.
    """

    paper = "nowhere_to_be_found"
    swept = "examples n"

    field: int = setting(101, low=2)
    """Its number of elements q, a prime."""
    dimensions: int = setting(16, low=8)
    samples: int = setting(40, low=1)
    spare: int = setting(0, low=0)
    """The control: so many coordinates fewer in the preferred subspace than examples."""

    def sizes(self) -> list[int]:
        """Numbers n of examples: fewer than dimensions, about as many, and more."""
        d = self.dimensions
        return [d // 4, d // 2, d - 2, d - 1, d, d + 1, d + d // 2]

    def draw(self, size: int, random: Random) -> Array:
        """(samples, n, d) inputs; a smaller number of examples has the first of them."""
        shape = (self.samples, self.dimensions + self.dimensions // 2, self.dimensions)
        return random.integers(0, self.field, shape)[:, :size]

    def measure(self, sample: Array, size: int) -> dict[str, float]:
        q, d = self.field, self.dimensions
        chosen = min(max(size - self.spare, 0), d)
        inside, whole = ranks(sample[:, :, :chosen], q), ranks(sample, q)
        # labels fit within the subspace: always in its own world, and in the other with probability q^(inside - whole)
        fit = float(q) ** (inside - whole)
        right_inside, right_whole = float(q) ** (inside - chosen), float(q) ** (whole - d)
        wrong = (1 - right_inside) + fit * (1 - right_whole)
        error = np.minimum(wrong, 1 + fit - wrong) + (1 - fit) * np.minimum(right_whole, 1 - right_whole)
        return {
            "error": float((1 - 1 / q) / 2 * error.mean()),
            "learner": float((1 - 1 / q) * (1 - right_inside).mean()),
        }

    def predicted(self, size: int) -> dict[str, float]:
        """Of regular systems alone."""
        q, d = self.field, self.dimensions
        if self.spare or size >= d:
            return {"error": 0.0}
        regular = np.prod(1 - float(q) ** -np.arange(1.0, size + 1))
        return {"error": float(regular * (1 - 1 / q) * (1 - float(q) ** (size - d)) / 2)}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        error = curves["error"]
        below = np.array([size < self.dimensions for size in sizes])
        least = np.array([self.predicted(size)["error"] for size in sizes])
        return {
            "level": error[:, below].mean(1),
            "level_learner": curves["learner"][:, below].mean(1),
            "level_enough": error[:, -1],
            "gap": (error - least)[:, below].mean(1),
        }


def ranks(matrices: Array, prime: int) -> Array:
    """(B,) ranks of matrices (B, n, m) modulo a prime, all at once, by elimination with row swaps."""
    left, rows = matrices % prime, matrices.shape[1]
    found, each = np.zeros(len(left), int), np.arange(len(left))
    inverses = np.array([0, *(pow(value, -1, prime) for value in range(1, prime))])
    for column in range(left.shape[2]):
        usable = (left[:, :, column] != 0) & (np.arange(rows) >= found[:, None])
        some, pivot = usable.any(1), np.where(usable.any(1), usable.argmax(1), 0)
        top = np.minimum(found, rows - 1)
        row = left[each, pivot]
        left[each, pivot] = np.where(some[:, None], left[each, top], row)
        row = row * inverses[row[:, column]][:, None] % prime
        reduced = (left - left[:, :, column, None] * row[:, None]) % prime
        left = np.where(some[:, None, None], reduced, left)
        left[each, top] = np.where(some[:, None], row, left[each, top])
        found += some
    return found
