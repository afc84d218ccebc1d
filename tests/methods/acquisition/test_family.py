"""What holds of every acquisition function."""

import dataclasses

import pytest
import torch

from pipeline.methods.acquisition import Acquisition
from tests.kit import pools
from tests.kit.methods import members

METHODS = members("acquisition", Acquisition)


@pytest.mark.parametrize("cls", METHODS)
@pytest.mark.parametrize("count", [1, 7, 34])
def test_it_chooses_different_rows_without_labels(cls, count):
    given = pools.pool()
    chosen = cls().choose(given, count, pools.draws())
    assert chosen.shape == (count,) and chosen.dtype == torch.int64
    assert len(chosen.unique()) == count and not given.labelled[chosen].any()


@pytest.mark.parametrize("cls", METHODS)
def test_the_same_draws_choose_the_same_rows(cls):
    first, again = (cls().choose(pools.pool(), 9, pools.draws()) for _ in range(2))
    assert torch.equal(first, again)


@pytest.mark.parametrize("cls", METHODS)
def test_labels_of_rows_that_have_some_change_nothing(cls):
    given = pools.pool()
    other = dataclasses.replace(given, labels=torch.where(given.labelled, 3 - given.labels, -1))
    assert torch.equal(cls().choose(given, 9, pools.draws()), cls().choose(other, 9, pools.draws()))


@pytest.mark.parametrize("cls", METHODS)
def test_equal_rows_are_still_bought(cls):
    given = pools.pool()
    alike = dataclasses.replace(
        given, features=torch.ones_like(given.features), probabilities=torch.full_like(given.probabilities, 0.25)
    )
    assert len(cls().choose(alike, 20, pools.draws()).unique()) == 20
