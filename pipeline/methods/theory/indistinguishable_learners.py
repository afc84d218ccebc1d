"""All functions on a finite set, and two learners whose samples and hypotheses look alike and whose risks do not."""

from pipeline.methods.theory import Array, Random, Sweep, np, setting


class IndistinguishableLearners(Sweep):
    """k points with random labels, of which n are drawn evenly and with replacement; the 0-1 loss.

    Gastpar, Nachum, Shafer and Weinberger 2024: no estimate of the risk from sample and hypothesis alone is near
    the truth for all algorithms and targets, while n is less than half the Vapnik-Chervonenkis dimension, here k. Our
    construction: one learner answers with the target itself, the other with the labels of the sample and guesses
    elsewhere. Either way the hypothesis is even over all functions that fit the sample, so that 0 is a best estimate
    (the median of the risk at even odds of learners), and errs in mean by a quarter of the share of points unseen,
    (1 - 1/k)^n / 4. The sizes are n.
    """

    paper = "nowhere_to_be_found"
    swept = "examples n"

    smallest: int = setting(125, low=1)
    largest: int = setting(8000, low=1)
    steps: int = setting(7, low=2)
    points: int = setting(1000, low=2)
    known: bool = setting(False)
    """The control: an estimate that knows the learner, which is half the share unseen for the one that guesses."""

    def draw(self, size: int, random: Random) -> tuple[Array, Array, Array]:
        """(k,) labels, (k,) guesses, and (n,) points of the sample."""
        labels, guesses = random.integers(0, 2, (2, self.points))
        return labels, guesses, random.integers(0, self.points, size)

    def measure(self, sample: tuple[Array, Array, Array], size: int) -> dict[str, float]:
        labels, guesses, seen = sample
        guesses = guesses.copy()
        guesses[seen] = labels[seen]
        risk, unseen = (guesses != labels).mean(), 1 - len(set(seen.tolist())) / self.points
        estimate = unseen / 2 if self.known else 0.0
        return {"error": float(abs(risk - estimate) / 2)}  # the other learner's risk is 0, and rightly estimated

    def predicted(self, size: int) -> dict[str, float]:
        return {"error": 0.0 if self.known else (1 - 1 / self.points) ** size / 4}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        error = curves["error"]
        half = int(np.argmin(np.abs(np.array(sizes) - self.points / 2)))
        return {
            "level": error[:, half],
            "gap": (error - [self.predicted(size)["error"] for size in sizes]).mean(1),
            "level_enough": error[:, -1],
        }
