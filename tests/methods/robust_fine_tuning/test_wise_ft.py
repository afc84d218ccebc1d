"""Half-way weights, entry by entry, and batch statistics of the network that they make."""

import pytest
import torch

from pipeline.methods.robust_fine_tuning.fine_tuned import FineTuned
from pipeline.methods.robust_fine_tuning.wise_ft import WiSEFT
from tests.kit.classifiers import predictions, trained_base
from tests.kit.fine_tuning import flat_weights, stepped, tuned
from tests.kit.methods import Training, batch, begun


@pytest.mark.parametrize("a", [0.0, 0.3, 1.0])
def test_weights_lie_on_the_line(a):
    start, end = flat_weights(tuned(FineTuned)), flat_weights(stepped(tuned(FineTuned)))
    found = flat_weights(begun(stepped(tuned(WiSEFT, a=a)), phase=1))
    torch.testing.assert_close(found.double(), (1 - a) * start.double() + a * end.double(), atol=1e-6, rtol=1e-5)


def test_statistics_are_those_of_the_merged_network_on_the_training_images():
    method = begun(stepped(tuned(WiSEFT)), phase=1)
    norm, means, variances = method.encoder.norm, [], []
    with torch.no_grad():
        for part in Training().plain():
            maps = method.encoder.convolution(part).double().transpose(0, 1).flatten(1)
            means.append(maps.mean(1))
            variances.append(maps.var(1))
    torch.testing.assert_close(norm.running_mean.double(), torch.stack(means).mean(0), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(norm.running_var.double(), torch.stack(variances).mean(0), atol=1e-5, rtol=1e-4)
    assert norm.momentum == 0.1 and method.training


def test_with_mixed_statistics_no_way_is_the_base_and_all_of_it_is_fine_tuning():
    images = batch(("full",)).views[0]
    ends = [begun(stepped(tuned(WiSEFT, a=a, renewed_statistics=False)), phase=1) for a in (0.0, 1.0)]
    assert torch.equal(predictions(ends[0], images), predictions(trained_base(), images))
    torch.testing.assert_close(predictions(ends[1], images), predictions(stepped(tuned(FineTuned)), images))
