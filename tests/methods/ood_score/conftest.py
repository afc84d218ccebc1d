"""A smooth classifier and what scores of it are fitted on."""

import pytest

from tests.kit.ood import smooth_model, validation_data


@pytest.fixture
def model():
    return smooth_model()


@pytest.fixture
def validation():
    return validation_data()
