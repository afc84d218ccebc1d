"""NT-Xent of the features themselves, by slow loops, which a fixed head of kappa 1 is too."""

import pytest
import torch

from pipeline.methods.joint_embedding.fixed_head import FixedHead
from pipeline.methods.joint_embedding.no_head import NoHead
from pipeline.methods.joint_embedding.simclr import SimCLR
from tests.kit.methods import batch, loop_nt_xent, made


def test_no_head_is_simclr_on_features():
    method, data = made(NoHead, batch_norm=False), batch()
    features = [method.encoder(view) for view in data.views]
    torch.testing.assert_close(method.loss(data), SimCLR().objective(*features))
    assert method.loss(data).item() == pytest.approx(loop_nt_xent(*features, 0.1), rel=1e-5)


def test_a_fixed_head_without_decay_is_no_head():
    data = batch()
    assert torch.equal(made(NoHead).loss(data), made(FixedHead, kappa=1.0).loss(data))
