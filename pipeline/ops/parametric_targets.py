"""What differential equations give as a function of two parameters, scaled to [-1, 1]: costly labels, cheaply here."""

import numpy as np

Array = np.ndarray


def spring(points: Array) -> Array:
    """The largest displacement of a damped, driven spring within a time of 20, by its stiffness and the driving rate.

    y'' + y'/2 + k y = cos(w t) / 2 with y(0) = 1/2 at rest, k = x_1 + 2 and w = x_2 + 1, in closed form at 401 times.
    """
    damping, force, start = 0.5, 0.5, 0.5
    stiffness, rate = points[:, 0] + 2, points[:, 1] + 1
    detuned, drag = stiffness - rate**2, damping * rate
    cosine, sine = force * np.array([detuned, drag]) / (detuned**2 + drag**2)
    own = np.sqrt(stiffness - damping**2 / 4)
    free = start - cosine
    pushed = (damping / 2 * free - sine * rate) / own
    largest = np.full(len(points), start)
    for t in np.linspace(0, 20, 401):
        decaying = np.exp(-damping * t / 2) * (free * np.cos(own * t) + pushed * np.sin(own * t))
        largest = np.maximum(largest, decaying + cosine * np.cos(rate * t) + sine * np.sin(rate * t))
    return largest


MODES = 64
"""At the first time above 0 of a grid of 100 the last of these has decayed by more than 10^-50."""


def heat(points: Array) -> Array:
    """The highest temperature on a bar at a time t = 1.5 (x_1 + 1), by it and the rate f = 2.5 (x_2 + 1) of the start.

    pi^2 u_t = u_ss on (0, 1), u(0) = 0, u_s(1) = -pi exp(-t), u = 1 + sin(pi f s) at the start. What is left of u
    without exp(-t) sin(pi s) is a sum of sin((j + 1/2) pi s) that decay as exp(-(j + 1/2)^2 t); at 100 places s.
    """
    times, rates = 1.5 * (points[:, 0] + 1), 2.5 * (points[:, 1] + 1)
    places = np.linspace(0, 1, 100)
    half = np.arange(MODES) + 0.5
    # 2 * integral of (1 + sin(pi f s) - sin(pi s)) sin(pi h s)
    amplitudes = 2 / (np.pi * half) + _product(rates[:, None], half) - _product(1.0, half)
    modes = amplitudes * np.exp(-np.outer(times, half**2)) @ np.sin(np.pi * np.outer(half, places))
    later = modes + np.outer(np.exp(-times), np.sin(np.pi * places))
    begun = 1 + np.sin(np.pi * np.outer(rates, places))
    found: Array = np.where(times > 0, later.max(1), begun.max(1))
    return found


def _product(f: Array | float, h: Array) -> Array:
    """2 * integral of sin(pi f s) sin(pi h s) over (0, 1)."""
    found: Array = np.sinc(f - h) - np.sinc(f + h)
    return found


def surface(points: Array) -> Array:
    """The coverage of a surface at a time of 4, by how fast molecules stick to it and leave it; four stages a step.

    r' = a (1 - r) - g r - 10 (1 - r)^2 r from r = 0.9, a = 0.1 + exp(x_1 / 2), g = 0.001 + 0.01 exp(x_2 / 2), in
    which x is ten times the point.
    """
    stick, leave = 0.1 + np.exp(5 * points[:, 0]), 0.001 + 0.01 * np.exp(5 * points[:, 1])

    def slope(r: Array) -> Array:
        found: Array = stick * (1 - r) - leave * r - 10 * (1 - r) ** 2 * r
        return found

    covered, step = np.full(len(points), 0.9), 4 / STEPS
    for _ in range(STEPS):
        first = slope(covered)
        second = slope(covered + step / 2 * first)
        third = slope(covered + step / 2 * second)
        fourth = slope(covered + step * third)
        covered = covered + step / 6 * (first + 2 * second + 2 * third + fourth)
    return covered


STEPS = 1000
