"""What tests of methods on tables share: rows with a number or a class each, a context, fitted methods."""

import dataclasses
import warnings

import torch
from sklearn.exceptions import ConvergenceWarning

from pipeline.contract import Inputs
from tests.kit.methods import CONTEXT, begun, made

COLUMNS = 4
TABLE = dataclasses.replace(
    CONTEXT, inputs=Inputs(shape=(COLUMNS,), view_shape=(COLUMNS,), mean=(0.0,) * COLUMNS, std=(1.0,) * COLUMNS)
)


class Rows:
    """A training set of standardised rows (N, COLUMNS), in chunks as the loop gives them."""

    def __init__(self, inputs, labels):
        self.inputs, self.labels = inputs, labels

    def plain(self, inputs=None):
        yield from (self.inputs if inputs is None else inputs).split(17)


def numbers(count=60, seed=3):
    """Rows whose label is a number: a bent function of two columns, with noise that grows with a third."""
    draws = torch.Generator().manual_seed(seed)
    rows = torch.randn(count, COLUMNS, generator=draws)
    noise = torch.randn(count, generator=draws) * (0.2 + 0.3 * (rows[:, 2] > 0))
    return Rows(rows, rows[:, 0] * (rows[:, 1] > 0) + noise)


def classes(number=3, count=60, seed=3):
    """Rows whose label is a class, told by two columns for nine rows of ten."""
    draws = torch.Generator().manual_seed(seed)
    rows = torch.randn(count, COLUMNS, generator=draws)
    angles = torch.atan2(rows[:, 1], rows[:, 0]) / (2 * torch.pi) + 0.5
    labels = (number * angles).long().clamp(max=number - 1)
    other = torch.randint(number, labels.shape, generator=draws)
    return Rows(rows, torch.where(torch.rand(count, generator=draws) < 0.1, other, labels))


def fitted(cls, training, number=0, **settings):
    """A method of so many classes, built and fitted."""
    method = made(cls, context=dataclasses.replace(TABLE, num_classes=number), **settings)
    torch.manual_seed(8)
    return begun(method, 0, training).eval()


def network(make, rows, targets, draws, units, iterations):
    """scikit-learn's network of one hidden layer of logistic units, fitted by L-BFGS."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return make(
            hidden_layer_sizes=(units,),
            activation="logistic",
            solver="lbfgs",
            tol=0.0,
            max_iter=iterations,
            random_state=draws,
        ).fit(rows, targets)
