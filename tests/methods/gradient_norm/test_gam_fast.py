"""Its four gradients by loops; for a small distance they are those of the exact form; a mixture of SAM's gradients."""

import math

from pipeline.methods.gradient_norm.gam import GAM
from pipeline.methods.gradient_norm.gam_fast import GAMFast
from pipeline.methods.sharpness_aware.sam import SAM
from tests.kit.methods import dot
from tests.kit.slopes import close, gradient, plus, smooth, stepped, times


def to(length, vector):
    return times(length / math.sqrt(dot(vector, vector)), vector)


def four(method, data, rho, small):
    first = gradient(method, data)
    second = gradient(method, data, to(small, first))
    away = to(rho, plus(second, times(-1, first)))
    third = gradient(method, data, away)
    return first, second, third, gradient(method, data, plus(away, to(small, third)))


def test_the_step_by_loops():
    method, data = smooth(GAMFast, rho=0.3, rho_small=0.1, alpha=0.4, beta=0.3, gamma=0.2)
    first, second, third, fourth = four(method, data, 0.3, 0.1)
    tops = plus(times(0.4, second), times(0.6, fourth))
    feet = plus(first, times(0.7, third))
    aside = plus(feet, times(-dot(feet, tops) / dot(tops, tops), tops))
    close(stepped(method, data), plus(tops, times(-0.2, aside)))


def test_for_a_small_distance_its_differences_are_the_exact_bend():
    """grad L(w) + rho (g_3 - g_2) / r is the step of `gam`."""
    method, data = smooth(GAM, rho=0.3)
    first, _, third, fourth = four(method, data, 0.3, 1e-5)
    close(stepped(method, data), plus(first, times(0.3 / 1e-5, plus(fourth, times(-1, third)))), rtol=1e-3, atol=1e-4)


def test_alpha_one_is_sam():
    method, data = smooth(GAMFast, rho_small=0.05, alpha=1.0, gamma=0.0)
    close(stepped(method, data), stepped(smooth(SAM)[0], data))
