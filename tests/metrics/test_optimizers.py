"""What is read out of the rows of training's epochs."""

import pytest

from pipeline.errors import Absent
from pipeline.metrics import directional_sharpness, sharp_share, spike


def row(loss, worst, lag=1.0, rms=3.0):
    return {"loss": loss, "loss_worst": worst, "spike_lag": lag, "rms_worst": rms}


def test_a_spike_rises_above_the_epoch_before():
    found = spike.compute([row(2.0, 9.0), row(1.0, 1.5), row(0.9, 3.0, 4.0, 7.0), row(0.8, 0.9)])
    assert found == {"": 2.0, "lag": 4.0, "rms": 7.0}


def test_without_a_second_moment_there_is_no_lag():
    found = spike.compute([row(2.0, 9.0, rms=0.0), row(1.0, 1.5, rms=0.0)])
    assert found[""] == -0.5 and isinstance(found["lag"], Absent) and isinstance(found["rms"], Absent)


def test_sharpness_is_the_mean_of_the_epochs_that_were_probed():
    endings = ("", "_gradient", "_clipped", "_random")
    rows = [{f"directional_sharpness{e}": factor * i for i, e in enumerate(endings)} for factor in (1, 3)]
    assert directional_sharpness.compute([rows[0], {}, rows[1]]) == {"": 0, "gradient": 2, "clipped": 4, "random": 6}


def test_the_share_is_a_median():
    assert sharp_share.compute([{"sharp_share": v} for v in (0.9, -50.0, 0.7)] + [{}]) == pytest.approx(0.7)


@pytest.mark.parametrize("metric", [directional_sharpness, sharp_share, spike])
def test_nothing_observed_is_absent(metric):
    with pytest.raises(Absent):
        metric.compute([{"loss": 1.0}, {"loss": 0.9}])
