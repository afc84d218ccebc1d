"""Steps of a gradient-regularised Newton method whose matrix is not the Hessian, where there is a minimiser."""

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops import newton

LIMIT = 150
LEVELS = (1e-2, 1e-4, 1e-6)


class RegularisedNewton(Check):
    """x <- x - (H + |g| / gamma I)^-1 g, with the paper's search for gamma (`ops/newton.py`).

    Semenov, Jaggi and Doikov 2025: let |f'' - H| <= C1 + C2 |g| for a quasi-self-concordant f with constant M, and D
    the size of the first level set. Then f is within eps of its least value after about (M + C2) D log(1 / eps) +
    C1 D^2 / eps steps, whatever the conditioning. Softmax problems, f = mu log sum exp((a_i.x - b_i) / mu), have
    H = A^T diag(p) A / mu, from which the Hessian differs by |g|^2 / mu, so that C1 = 0. Logistic regression has
    Fisher's matrix, from which it differs by at most f max |a_i|^2, so that C1 is the least loss (our derivation:
    |p (1 - p) - p^2| <= p <= log(1 + exp(.)); the tests see both).

    Columns of A have scales 1, 1/2, 1/3 and so on, which is bad for plain gradients. What is counted is steps until
    |g| has a level, against the same search with H = 0, which is stopped after 150. A linear rate needs as many steps
    from 1e-4 to 1e-6 as from 1e-2 to 1e-4; one of 1 / eps, a hundred times as many.
    """

    paper = "grad_norm_smooth"

    points: int = setting(80, low=2)
    dimensions: int = setting(8, low=1)
    logistic: bool = setting(False)
    """Logistic regression on labels that cannot be separated, in place of softmax."""
    smoothing: float = setting(0.5, low=0.01)
    """mu of softmax."""

    def draw(self, size: int, random: Random) -> tuple[Array, Array]:
        """Rows, and a noise that is b of softmax and what labels are drawn by."""
        rows = random.normal(size=(self.points, self.dimensions)) / np.arange(1, self.dimensions + 1)
        return rows, random.logistic(size=self.points)

    def measure(self, sample: tuple[Array, Array], size: int) -> dict[str, float]:
        rows, noise = sample
        if self.logistic:
            rows = rows * np.where(rows[:, 0] + noise > 0, 1, -1)[:, None]
            kinds = [newton.logistic(rows, weigh) for weigh in (newton.fisher, None, newton.exact)]
        else:
            kinds = [self._softmax(rows, noise, kind) for kind in ("weighted", "none", "exact")]
        start = np.zeros(self.dimensions)
        runs = [newton.descend(kind, start, lambda _, norm: norm <= LEVELS[-1], LIMIT) for kind in kinds[:2]]
        first, second, third = (newton.steps_to(runs[0][0][:, 1], level) for level in LEVELS)
        errors, bounds = self._errors(kinds[0], kinds[2], rows, runs[0][1])
        return {
            "log_ratio": float(np.log((third - second) / (second - first))),
            "log_ratio_plain": float(np.log(newton.steps_to(runs[1][0][:, 1], LEVELS[-1]) / third)),
            "violation": float((errors > bounds * (1 + 1e-9) + 1e-12).any()),
        }

    def _errors(self, kind: newton.Problem, exact: newton.Problem, rows: Array, points: Array) -> tuple[Array, Array]:
        """(K,) largest errors of the matrix along the path, and what they are bounded by."""
        found, hessians = [kind(point) for point in points], [exact(point)[2] for point in points]
        off = np.array(hessians, np.float64) - np.array([matrix for _, _, matrix in found], np.float64)
        errors = np.abs(np.linalg.eigvalsh(off)).max(1)
        if self.logistic:
            return errors, np.array([loss for loss, *_ in found]) * (rows**2).sum(1).max()
        return errors, np.array([gradient @ gradient for _, gradient, _ in found]) / self.smoothing

    def _softmax(self, rows: Array, offsets: Array, kind: str) -> newton.Problem:
        def problem(x: Array) -> tuple[float, Array, Array | None]:
            scores = (rows @ x - offsets) / self.smoothing
            largest = scores.max()
            total = np.exp(scores - largest).sum()
            shares = np.exp(scores - largest) / total
            gradient = shares @ rows
            loss = float(self.smoothing * (largest + np.log(total)))
            if kind == "none":
                return loss, gradient, None
            matrix = (rows.T * shares) @ rows - (kind == "exact") * np.outer(gradient, gradient)
            return loss, gradient, matrix / self.smoothing

        return problem
