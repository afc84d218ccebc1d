"""The two losses it is made of, added up."""

import copy

import torch
import torch.nn.functional as F

from pipeline.methods.aligned_gradients.pag_at import PAGAT
from tests.kit.methods import batch, begun, made


def test_it_is_cross_entropy_of_attacked_images_and_the_alignment_of_plain_ones():
    method, data = begun(made(PAGAT, norm="l2", radius=0.5, weight=0.3)).double(), batch(("full", "plain"))
    data.views = [view.double() for view in data.views]
    twin = copy.deepcopy(method)
    torch.manual_seed(4)
    found = method.loss(data)
    torch.manual_seed(4)
    moved = twin.attacked(lambda z: F.cross_entropy(z, data.labels, reduction="sum"), data.views[0])
    assert (moved - data.views[0]).flatten(1).norm(dim=1).max() * 0.25 <= 0.5 + 1e-9
    want = F.cross_entropy(twin.logits(twin.encoder(moved)), data.labels)
    torch.testing.assert_close(found, want + 0.3 * 3 * (1 - twin.aligned(data).mean()))
