"""The largest eigenvalue on the way."""

import pytest

from pipeline.errors import Absent
from pipeline.metrics import lambda_highest


def test_of_the_epochs_that_were_tracked_the_highest():
    found = lambda_highest.compute([{"loss": 1.0}, {"lambda_max": 10.0}, {"lambda_max": 100.0}, {"lambda_max": 3.0}])
    assert found == {"": 100.0, "log": pytest.approx(2.0)}
    assert "above zero" in str(lambda_highest.compute([{"lambda_max": -1.0}])["log"])
    with pytest.raises(Absent, match="not tracked"):
        lambda_highest.compute([{"loss": 1.0}])
