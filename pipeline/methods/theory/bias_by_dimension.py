"""How rare generalising is among functions that fit, as inputs have more dimensions."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.gaussian_process import error_of_fit


class BiasByDimension(Sweep):
    """-log P(test error <= target | training examples are fitted); the sizes are the dimensions of the inputs.

    Boopathy, Yue, Hwang, Iyer and Fiete 2024 find that it grows with the dimension of the task. Here it is exact, by
    the law of errors in `InductiveBias`, for inputs in a cube and a linear function of them in a random direction.
    What is ours: functions of a Gaussian process whose kernel has width 1, and a target of a twentieth of the variance.
    """

    paper = "exact_inductive_bias"
    swept = "dimensions"

    smallest: int = setting(2, low=2)
    largest: int = setting(16, low=3)
    steps: int = setting(4, low=2)
    trained: int = setting(20, low=1)
    tested: int = setting(20, low=2)
    target: float = setting(0.05, low=1e-6)
    plane: bool = setting(False)
    """The control: all inputs but two are 0."""
    radial: bool = setting(False)
    """The function is cos(2 |x|)."""

    def draw(self, size: int, random: Random) -> tuple[Array, Array]:
        """Inputs and values of mean 0 and variance 1."""
        inputs = random.uniform(-1, 1, (self.trained + self.tested, 2 if self.plane else size))
        direction = random.normal(size=inputs.shape[1])
        values = np.cos(2 * np.linalg.norm(inputs, axis=1)) if self.radial else inputs @ direction
        return np.pad(inputs, ((0, 0), (0, size - inputs.shape[1]))), (values - values.mean()) / values.std()

    def measure(self, sample: tuple[Array, Array], size: int) -> dict[str, float]:
        return {"nats": -error_of_fit(*sample, self.trained).log_chance(self.target)}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        nats = curves["nats"]
        return {"gap": nats[:, -1] - nats[:, 0], "level": nats[:, -1]}
