"""Three steps with the mean of gradients kept by loops; sigma = 0 is SAM; it resumes."""

import math

from pipeline.methods.sharpness_aware.friendly_sam import FriendlySAM
from pipeline.methods.sharpness_aware.sam import SAM
from tests.kit.classifiers import doubled
from tests.kit.methods import batch
from tests.kit.slopes import check_resumes, close, gradient, plus, smooth, stepped, times


def test_several_steps_by_loops():
    method, _ = smooth(FriendlySAM, rho=0.3, sigma=0.8, decay=0.7)
    mean = None
    for number in range(3):
        data = doubled(batch(("full",), seed=number))
        slope = gradient(method, data)
        away = slope if mean is None else plus(slope, times(-0.8, mean))
        mean = slope if mean is None else plus(times(0.7, mean), times(0.3, slope))
        wanted = gradient(method, data, times(0.3 / math.sqrt(sum(v * v for v in away)), away))
        close(stepped(method, data), wanted)
        close(method.mean.tolist(), mean)


def test_without_a_mean_it_is_sam():
    method, _ = smooth(FriendlySAM, sigma=0.0)
    flat, _ = smooth(SAM)
    for number in range(2):
        data = doubled(batch(("full",), seed=number))
        close(stepped(method, data), stepped(flat, data))


def test_it_resumes():
    check_resumes(FriendlySAM)
