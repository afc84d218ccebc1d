"""Randomized smoothing: a network trained on Gaussian noise votes under it, and the share of votes gives a radius."""

from pipeline.contract import setting
from pipeline.methods.smoothing import Smoothed


class RSGaussian(Smoothed):
    """L = -log p_y(x + e), e ~ N(0, sigma^2 I); certified by R = sigma Phi^-1(p), p a lower bound of c's share.

    Theorem 1 with the bound 1 - p for all other classes together, as in section 3.2.2. As in the authors' code, the
    noise is added to images whose range is 1, before they are normalised, and they are not cut to that range. The
    paper has sigma = 0.12, 0.25, 0.5 and 1, 100 draws that choose the class, 100,000 samples and an error of 0.001; a
    radius cannot exceed sigma Phi^-1(0.001^(1 / samples)), which is 2.5 sigma with 1,000 samples, 3.8 with 100,000.
    """

    paper = "randomized_smoothing"
    sigma: float = setting(0.25, unit="raw range", low=1.0e-6)
