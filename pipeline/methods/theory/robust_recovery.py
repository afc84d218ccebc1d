"""The subgradient method for low-rank matrix recovery, with too many columns and grossly wrong answers."""

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops import matrix_sensing
from pipeline.ops.matrix_sensing import Start


class RobustRecovery(Check):
    """U <- U - eta_t times a subgradient of (1 / m) sum |<A_i, U U'> - y_i|, from a small start, U with r' columns.

    Ma and Fattahi 2022: where the true rank r is over-estimated, and some answers are wrong by any amount, the method
    converges to the truth all the same if the start is small and steps decay exponentially: what is left falls with
    the start, and depends neither on r' nor on the errors. With a large start it is left in the columns too many.

    Here r' is r or d, and a fifth of the answers are wrong. What is left, |U U' - X| over |X|, is compared between
    r' = d and r' = r, between answers wrong by ten and by a thousand times the truth, and between a large start and a
    small one. The control is the squared loss from the same start. Steps fall slowly enough for a start to grow to the
    size of the truth, and are ours.
    """

    paper = "sub_gm"

    dimension: int = setting(8, low=2)
    rank: int = setting(2, low=1)
    measurements: int = setting(150, low=1)
    wrong: float = setting(0.2, low=0.0, high=1.0)
    start: float = setting(1e-5, low=0.0)
    large_start: float = setting(0.3, low=0.0)
    iterations: int = setting(1200, low=1)
    step_size: float = setting(0.1, low=0.0)
    decay: float = setting(0.995, low=0.0, high=1.0)

    def draw(self, size: int, random: Random) -> matrix_sensing.Sensing:
        return matrix_sensing.drawn(self.dimension, self.rank, self.measurements, self.wrong, random)

    def measure(self, sample: matrix_sensing.Sensing, size: int) -> dict[str, float]:
        starts = {
            "exact_rank": Start(self.start, self.rank, 10),
            "full_rank": Start(self.start, self.dimension, 10),
            "larger_errors": Start(self.start, self.dimension, 1000),
            "large_start": Start(self.large_start, self.dimension, 10),
            "squared": Start(self.start, self.dimension, 10, squared=True),
        }
        left = matrix_sensing.recovered(sample, list(starts.values()), self.iterations, self.step_size, self.decay)
        return dict(zip(starts, left.tolist(), strict=True))

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        errors = {name: values[:, -1] for name, values in curves.items()}
        return {
            "level": errors["full_rank"],
            "level_squared": errors["squared"],
            "log_ratio_rank": np.log(errors["full_rank"] / errors["exact_rank"]),
            "log_ratio_errors": np.log(errors["larger_errors"] / errors["full_rank"]),
            "log_ratio_start": np.log(errors["large_start"] / errors["full_rank"]),
        }
