"""Seven steps of LookSAM by loops; k = 1 is SAM; it resumes in the middle of a round."""

import math

from pipeline.methods.sharpness_aware.look_sam import LookSAM
from pipeline.methods.sharpness_aware.sam import SAM
from tests.kit.classifiers import doubled
from tests.kit.methods import batch, dot
from tests.kit.slopes import check_resumes, close, gradient, plus, smooth, stepped, times


def test_several_steps_by_loops():
    method, _ = smooth(LookSAM, rho=0.3, k=3, alpha=0.6)
    kept = []
    for number in range(7):
        data = doubled(batch(("full",), seed=number))
        slope = gradient(method, data)
        if number % 3 == 0:
            wanted = gradient(method, data, times(0.3 / math.sqrt(dot(slope, slope)), slope))
            kept = plus(wanted, times(-dot(wanted, slope) / dot(slope, slope), slope))
        else:
            size = math.sqrt(dot(slope, slope) / dot(kept, kept))
            wanted = plus(slope, times(0.6 * size, kept))
        close(stepped(method, data), wanted)


def test_every_step_is_sams_with_k_one():
    method, _ = smooth(LookSAM, rho=0.05, k=1)
    flat, _ = smooth(SAM)
    for number in range(3):
        data = doubled(batch(("full",), seed=number))
        close(stepped(method, data), stepped(flat, data))


def test_it_resumes():
    check_resumes(LookSAM)
