"""Cross-entropy of normalised rows; no constant is asked for in training."""

import torch
import torch.nn.functional as F

from pipeline.methods.lipschitz.lipschitz_undefended import LipschitzUndefended
from tests.kit.certified import SmallLipschitz, built, pixels


def test_it_is_cross_entropy_and_no_power_iteration():
    method, data = built(LipschitzUndefended, SmallLipschitz), pixels()
    before = method.encoder.blocks[0][0].start.clone()
    h = method.encoder(data.views[0])
    rows = torch.stack([row / row.norm() for row in method.head.weight])
    torch.testing.assert_close(method.loss(data), F.cross_entropy(h @ rows.T + method.head.bias, data.labels))
    assert torch.equal(method.encoder.blocks[0][0].start, before)
