"""The test error of a random function of a Gaussian process that fits its training examples, as a quadratic form."""

import numpy as np

from pipeline.ops.quadratic_forms import Form

Array = np.ndarray

FIT = 1e-8
"""Variance of what is left at training examples: functions fit to a ten-thousandth."""
LEAST = 1e-10
"""Variances of test errors below this one are taken for it."""


def error_of_fit(inputs: Array, values: Array, trained: int) -> Form:
    """Of the mean squared error at all examples but the first `trained`.

    inputs (N, D), values (N,); the covariance of functions is exp(-|x - x'|^2 / 2).
    """
    squares = (inputs**2).sum(1)
    covariance = np.exp(-np.maximum(squares[:, None] + squares - 2 * inputs @ inputs.T, 0) / 2)
    known, across = covariance[:trained, :trained] + FIT * np.eye(trained), covariance[:trained, trained:]
    solved = np.linalg.solve(known, across)
    mean = solved.T @ values[:trained] - values[trained:]
    variances, axes = np.linalg.eigh(covariance[trained:, trained:] - across.T @ solved)
    variances = np.maximum(variances, LEAST)
    return Form(variances / len(mean), np.ones(len(mean)), (axes.T @ mean) ** 2 / variances)
