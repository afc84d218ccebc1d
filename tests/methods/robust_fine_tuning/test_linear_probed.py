"""Only the head learns, and features are those of the base in evaluation."""

import torch

from pipeline.methods.robust_fine_tuning.linear_probed import LinearProbed
from tests.kit.classifiers import trained_base
from tests.kit.fine_tuning import stepped, tuned
from tests.kit.methods import batch


def test_the_encoder_stays_to_the_last_bit_and_the_head_moves():
    base, method = trained_base(), stepped(tuned(LinearProbed))
    for name, value in base.encoder.state_dict().items():
        assert torch.equal(method.encoder.state_dict()[name], value), name
    assert not torch.equal(method.head.weight, base.head.weight)


def test_its_gradient_is_that_of_a_softmax_on_the_bases_features():
    base, method, data = trained_base(), tuned(LinearProbed), batch(("full",))
    method.backward(data)
    with torch.no_grad():
        features = base.encoder(data.views[0]).double()
        p = (features @ method.head.weight.double().T + method.head.bias.double()).softmax(1)
    want = torch.zeros(3, features.shape[1], dtype=torch.float64)
    for row, label in enumerate(data.labels.tolist()):
        for c in range(3):
            want[c] += (p[row, c] - float(c == label)) * features[row] / len(p)
    torch.testing.assert_close(method.head.weight.grad.double(), want, atol=1e-6, rtol=1e-4)
