"""Low-rank projected gradient descent on lifted supervised dictionary learning: its rate, and where it ends."""

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops import dictionary

RATE, STEPS = 1.2, 30
CONTRACTION = 0.8


class LiftedDictionary(Check):
    """Z <- the nearest matrix of rank r to Z - tau f'(Z), for f convex in Z = [A, B] (`ops/dictionary.py`).

    Lee, Lyu and Yao 2022: it converges to the global minimiser exponentially. Our derivation: with curvatures between
    mu and L, a gradient step brings Z nearer to the unconstrained minimiser Z* by max(|1 - tau mu|, |1 - tau L|), and a
    projection takes it at most twice as far from any Z* of rank r as it was. So |Z_t - Z*| <= rho^t |Z_0 - Z*| with rho
    twice that maximum, which is below 1 for some tau if L / mu < 3 and if Z* has rank r: if dictionaries of that
    size explain the points exactly. The ridge is chosen here for L / mu = 2; with tau = 1.2 / L, rho is 0.8.

    Runs start at Z = 0 and at a large random matrix. With noise in the points, Z* has full rank, and what can be
    reached is only held against steps half as long, which are too short for the theorem.
    """

    paper = "sdl"

    examples: int = setting(30, low=4)
    dimensions: int = setting(6, low=3)
    atoms: int = setting(2, low=1)
    noise: float = setting(0.0, low=0.0)
    """Of points about their combinations of atoms; any is a control."""
    ridge: float = setting(1.0, low=1e-6)
    """In units of what makes L / mu = 2; less is a control."""

    def draw(self, size: int, random: Random) -> tuple[dictionary.Problem, list[Array]]:
        atoms = np.linalg.qr(random.normal(size=(self.dimensions, self.atoms)))[0]
        points = random.normal(size=(self.examples, self.atoms)) @ atoms.T
        points = points + self.noise * random.normal(size=points.shape)
        logits = points @ random.normal(size=self.dimensions) + random.logistic(size=self.examples)
        ridge = self.ridge * np.linalg.norm(points, 2) ** 2 / 4
        problem = dictionary.Problem(points, np.where(logits > 0, 1.0, -1.0), float(ridge) / 2, float(ridge))
        shape = (self.dimensions, 1 + self.examples)
        return problem, [np.zeros(shape), 10 * random.normal(size=shape)]

    def measure(self, sample: tuple[dictionary.Problem, list[Array]], size: int) -> dict[str, float]:
        problem, starts = sample
        paths = [dictionary.descend(problem, start, self.atoms, RATE, STEPS) for start in starts]
        values = [problem.value(path[-1]) for path in paths]
        best = unconstrained(problem)
        far = [np.linalg.norm(path - best, axis=(1, 2)) for path in paths]
        bound = CONTRACTION ** np.arange(STEPS + 1)
        slack = 1e-6  # what the reference is off by, in units of where runs start
        found = {
            "violation": float(any((each > (bound + slack) * each[0]).any() for each in far)),
            "gap": max(values) / problem.value(best) - 1,
        }
        if self.noise:
            shorter = dictionary.descend(problem, starts[0], self.atoms, RATE / 2, 2 * STEPS)[-1]
            found["gap_shorter"] = min(values) / problem.value(shorter) - 1
        return found


def unconstrained(problem: dictionary.Problem) -> Array:
    """The minimiser over matrices of any rank: the points themselves, and a penalised logistic regression on them."""
    return np.column_stack([dictionary.logistic(problem) / problem.scale, problem.points.T])
