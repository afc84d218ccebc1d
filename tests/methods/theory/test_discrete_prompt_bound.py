"""Prompts of frequencies: by loops, the prior's sum, the search against all prompts, and a bound without penalty."""

import math

import numpy as np
import pytest

from pipeline.methods.theory.discrete_prompt_bound import DiscretePromptBound, _population


def check(**changes: object) -> DiscretePromptBound:
    defaults = {"smallest": 100, "largest": 50_000, "steps": 2, "vocabulary": 24, "length": 6}
    return DiscretePromptBound(**{**defaults, **changes})


def test_the_population_by_loops() -> None:
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)

    def wave(image: np.ndarray, i: int, j: int) -> float:
        scale = math.sqrt((1 if i == 0 else 2) / 8 * (1 if j == 0 else 2) / 8)
        angles = [math.pi * (2 * place + 1) / 16 for place in range(8)]
        return scale * sum(
            image[8 * a + b] * math.cos(angles[a] * i) * math.cos(angles[b] * j) for a in range(8) for b in range(8)
        )

    apart, found = _population(24)
    assert apart.shape == (24, 10, 600) and np.array_equal(found, labels[-600:])
    values = [wave(image, 0, 1) for image in pixels[:1197]]  # the first token has one half period across
    means = [np.mean([v for v, c in zip(values, labels[:1197], strict=True) if c == k]) for k in range(10)]
    spread = np.mean([(v - means[c]) ** 2 for v, c in zip(values, labels[:1197], strict=True)])
    for k in (0, 7):
        assert apart[0, k, 5] == pytest.approx((wave(pixels[1202], 0, 1) - means[k]) ** 2 / spread)


def test_the_prior_sums_to_one_over_all_prompts() -> None:
    made = check(vocabulary=3, length=2)
    total = sum(math.exp(-made._surprise([a, 0])[0]) for a in range(3))
    total += sum(math.exp(-made._surprise([a, b])[1]) for a in range(3) for b in range(3))
    assert total == pytest.approx(1)
    assert made._surprise([0])[0] < made._surprise([2])[0]


def test_each_token_of_the_search_is_the_best_there() -> None:
    made = check(length=2)
    weights = made.draw(300, np.random.default_rng(0)) / 300
    first, second = made._greedy(weights)
    alone = [made._wrong([v])[0] @ weights for v in range(24)]
    assert alone[first] == pytest.approx(min(alone))
    after = [made._wrong([first, v])[1] @ weights for v in range(24)]
    assert after[second] == pytest.approx(min(after))


def test_of_all_prompts_of_two_tokens_none_is_beyond_the_bound_and_the_best_is_beyond_the_one_without_penalty() -> None:
    """Not the search's prompts alone: the bound is for all at once."""
    made, beyond = check(vocabulary=12, length=2), []
    prompts = [[a, b] for a in range(12) for b in range(12)]
    wrong = np.concatenate([made._wrong(each) for each in prompts])
    surprise = np.concatenate([made._surprise(each) for each in prompts])
    for seed in range(60):
        training = made.draw(100, np.random.default_rng(seed)) / 100
        over = wrong.mean(1) - wrong @ training
        assert (over <= np.sqrt((surprise + math.log(100 / 0.05) + 2) / 199)).all()
        beyond.append((over > math.sqrt(math.log(20) / 200)).any())
    assert np.mean(beyond) > 0.15


def test_many_images_make_the_bound_near_and_few_do_not() -> None:
    made = check()
    found = {size: made.measure(made.draw(size, np.random.default_rng(0)), size) for size in (100, 50_000)}
    assert found[50_000]["gap"] < 0.03 < 0.1 < found[100]["gap"]
    assert not found[100]["violation"] and not found[50_000]["violation"]
