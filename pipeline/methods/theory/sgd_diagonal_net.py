"""Which zero-loss minima of diagonal linear networks SGD ends in, and which gradient descent, by step size."""

from pipeline.methods.theory import Array, Check, Random, np, setting


class SgdDiagonalNet(Check):
    """f(x) = (u^2 - v^2) . x by elements, squared loss, as many examples as half the features, and a sparse target.

    Wu and Su 2023: stability bounds the trace of the Hessian for SGD by 2 / eta, and by itself the trace is a norm of
    the parameters, here 4 sum_j (u_j^2 + v_j^2) E x_j^2, at least 4 |theta|_1 for features of variance 1. So minima
    that are stable for SGD generalise, the better the larger eta, and those of gradient descent need not.

    What is ours: the sizes, a start at a half in all of u and v, and examples of length sqrt(d), so that one long
    example does not decide at which eta SGD diverges. SGD draws one example a step, gradient descent starts alike and
    takes as many steps; both at a small and at a large eta, the large one below where SGD starts to diverge. Where a
    path of examples leads may be stable on this path and not on average, so the bound is no theorem here.
    """

    paper = "dynamical_stability"

    examples: int = setting(20, low=2)
    inputs: int = setting(40, low=2)
    """d."""
    sparse: int = setting(3, low=1)
    small: float = setting(0.006, low=1e-4)
    large: float = setting(0.027, low=1e-4)
    iterations: int = setting(1000, low=1)

    def draw(self, size: int, random: Random) -> tuple[Array, Array]:
        """Examples, and (iterations,) indices of them."""
        inputs = random.normal(size=(self.examples, self.inputs))
        inputs *= np.sqrt(self.inputs) / np.linalg.norm(inputs, axis=1, keepdims=True)
        return inputs, random.integers(self.examples, size=self.iterations)

    def measure(self, sample: tuple[Array, Array], size: int) -> dict[str, float]:
        inputs, order = sample
        truth = (np.arange(self.inputs) < self.sparse).astype(float)
        rates = np.array([self.small, self.large] * 2)
        u, v = trained(inputs, inputs @ truth, rates, order)
        norms = (u**2 + v**2).sum(1)
        traces = rates / 2 * 4 * ((u**2 + v**2) * (inputs**2).mean(0)).sum(1)
        errors = ((u**2 - v**2 - truth) ** 2).sum(1)
        return {
            "level": traces[1],
            "violation": float(traces[1] > 1),
            "level_descent": traces[3],
            "log_ratio": float(np.log(norms[1] / norms[0])),
            "log_ratio_descent": float(np.log(norms[3] / norms[2])),
            "holds": float(errors[1] < errors[3]),
        }


def trained(inputs: Array, targets: Array, rates: Array, order: Array) -> tuple[Array, Array]:
    """u and v (4, d): the first two rows by SGD with the examples in `order`, the others by gradient descent."""
    n = len(inputs)
    u = np.full((len(rates), inputs.shape[1]), 0.5)
    v = u.copy()
    share = np.full((len(rates), n), 1 / n)
    for example in order:
        share[:2] = 0
        share[:2, example] = 1
        errors = ((u**2 - v**2) @ inputs.T - targets) * share
        step = 2 * rates[:, None] * (errors @ inputs)
        u, v = u - step * u, v + step * v
    return u, v
