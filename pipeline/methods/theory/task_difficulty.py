"""The inductive bias that a task requires, as a formula, by its resolution and its dimension."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.difficulty import log_bits
from pipeline.ops.rates import slopes

DIMENSIONS = (2, 4, 8, 16)


class TaskDifficulty(Sweep):
    """(2 D P E - n D) log2(B sqrt(D P) L W / error) bits; the sizes are R / delta, the resolution.

    Boopathy, Liu, Hwang, Ge, Mohammedsaleh and Fiete 2023, with all constants as in the authors' code: E spherical
    harmonics of frequency at most 2 pi R / delta on a sphere of the task's intrinsic dimension m. It is stated to grow
    exponentially in m, and polynomially in the resolution, so that dimensions make a task harder than detail does.
    Here, for ten classes: the exponents in the resolution against m, at m = 2, 4, 8 and 16; and at the smallest
    resolution the growth of the logarithm with each dimension, and twice the dimension against twice the resolution.
    """

    paper = "task_difficulty"
    draws = False
    swept = "resolution"

    smallest: int = setting(10, low=1)
    largest: int = setting(160, low=2)
    steps: int = setting(5, low=2)
    examples: int = setting(100, low=1)
    error: float = setting(0.01, low=1e-6, high=1.0)

    def measure(self, sample: Random, size: int) -> dict[str, float]:
        return {f"log_bits_{m}": float(log_bits(m, size, self.examples, self.error, 9, 10)) for m in DIMENSIONS}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        bits = np.stack([curves[f"log_bits_{m}"] for m in DIMENSIONS])
        exponents = np.stack([slopes(sizes, np.exp(each)) for each in bits])
        finer = np.array([log_bits(m, 2 * sizes[0], self.examples, self.error, 9, 10) for m in DIMENSIONS[:-1]])
        growth = np.diff(bits[:, :, 0], axis=0) / np.diff(DIMENSIONS)[:, None]
        return {
            "deviation": np.abs(exponents / np.array(DIMENSIONS)[:, None] - 1).max(0),
            "log_ratio": (bits[1:, :, 0] - finer[:, None]).min(0),
            "log_ratio_dimension": growth.min(0),
        }
