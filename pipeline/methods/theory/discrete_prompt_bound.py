"""Classifiers that a few words of a small vocabulary name: how near a PAC-Bayes bound comes to their risk."""

from functools import lru_cache

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops import pac_bayes
from pipeline.ops.small_sets import digits

DELTA = 0.05


class DiscretePromptBound(Sweep):
    """Prompts theta of up to `length` tokens, with a prior P(theta) fixed before any training image is seen.

    Akinwande, Jiang, Sam and Kolter 2024: with probability 1 - delta over n images, for all prompts at once, the risk
    is at most r + sqrt((log 1 / P(theta) + log(n / delta) + 2) / (2n - 1)), which is McAllester's bound for a posterior
    on one prompt. P is what a language model says of the prompt, and prompts are searched for greedily, token by token.

    Ours in place of images, CLIP and its language model: a token is a frequency of the cosine transform of digits, a
    prompt the sequence of those by which an image is compared with the mean of each class, and P has lengths alike and
    takes tokens by Zipf's law, low frequencies first. Class means are of other images. The population *is* the last
    600 digits, drawn from with replacement, so that the risk is exact. Beside the prompts of the search are the first
    tokens in order, which nobody searched for.
    """

    paper = "prompt_pac_bayes"
    swept = "training images n"

    smallest: int = setting(100, low=2)
    largest: int = setting(50_000, low=2)
    steps: int = setting(2, low=2)
    vocabulary: int = setting(24, low=10, high=63)
    length: int = setting(6, low=2, high=10)

    def draw(self, size: int, random: Random) -> Array:
        """(U,) how often each image of the population was drawn."""
        images = len(_population(self.vocabulary)[1])
        return random.multinomial(size, np.full(images, 1 / images))

    def measure(self, sample: Array, size: int) -> dict[str, float]:
        training = sample / size
        prompts = [self._greedy(training), list(range(self.length))]
        wrong = np.array([each for prompt in prompts for each in self._wrong(prompt)])
        error, risk = wrong @ training, wrong.mean(1)
        bound = pac_bayes.mcallester(error, np.concatenate([self._surprise(each) for each in prompts]), size, DELTA)
        found = self.length - 1  # the whole prompt of the search
        return {
            "violation": float((risk > bound).any()),
            "gap": bound[found] - risk[found],
            "gap_selection": risk[bound.argmin()] - risk.min(),
            "unpenalised": float((risk > pac_bayes.hoeffding(error, size, DELTA)).any()),
        }

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        return {
            "violation": curves["violation"].max(1),
            "gap": curves["gap"][:, -1],
            "gap_few": curves["gap"][:, 0],
            "gap_selection": curves["gap_selection"][:, -1],
            "gap_selection_few": curves["gap_selection"][:, 0],
            "violation_unpenalised": curves["unpenalised"][:, 0],
        }

    def _greedy(self, weights: Array) -> list[int]:
        """The tokens of least training error, each after those before it."""
        distances, labels = _population(self.vocabulary)
        seen, tokens = np.flatnonzero(weights), list[int]()
        distances, labels, sums = distances[:, :, seen], labels[seen], np.zeros(1)
        for _ in range(self.length):
            errors = ((sums + distances).argmin(1) != labels) @ weights[seen]
            tokens.append(int(errors.argmin()))
            sums = sums + distances[tokens[-1]]
        return tokens

    def _wrong(self, prompt: list[int]) -> Array:
        """(length, U) whether the prompt's first token, first two, and so on misclassify each image."""
        distances, labels = _population(self.vocabulary)
        return np.asarray(distances[prompt].cumsum(0).argmin(1) != labels)

    def _surprise(self, prompt: list[int]) -> Array:
        """(length,) log 1 / P of the same."""
        ranks = np.arange(1, self.vocabulary + 1)
        return np.asarray(np.log(self.length) + np.cumsum(np.log(ranks * (1 / ranks).sum())[prompt]))


@lru_cache
def _population(vocabulary: int) -> tuple[Array, Array]:
    """(V, classes, U) squared distances to class means by token, in units of the spread within classes; (U,) labels."""
    from scipy.fft import dctn

    pixels, labels = digits()
    waves = dctn(pixels.reshape(-1, 8, 8), axes=(1, 2), norm="ortho").reshape(len(pixels), 64)
    low_first = sorted(range(1, 64), key=lambda place: (sum(divmod(place, 8)), place))[:vocabulary]
    tokens, known = waves.T[low_first], np.arange(len(labels)) < len(labels) - 600
    means = np.stack([tokens[:, known & (labels == c)].mean(1) for c in range(10)], axis=1)
    spread = ((tokens - means[:, labels])[:, known] ** 2).mean(1)
    apart = (tokens[:, None, ~known] - means[:, :, None]) ** 2 / spread[:, None, None]
    return apart, labels[~known]
