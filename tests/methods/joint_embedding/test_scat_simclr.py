"""NT-Xent plus the cross-entropy of guessing what was done to the first view, by slow loops for both pretexts."""

import math

import pytest
import torch

from pipeline.methods.joint_embedding.scat_simclr import ScatSimCLR
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.ops.jigsaw import shuffled, turned
from tests.kit.embeddings import gradients_of_all
from tests.kit.methods import SIZE, batch, loop_nt_xent, made


@pytest.mark.parametrize("pretext", ["rotation", "jigsaw"])
def test_scat_simclr_adds_the_guess_of_what_was_done_to_the_first_view(pretext):
    method, data = made(ScatSimCLR, width=6, pretext=pretext, pretext_weight=0.7), batch()
    method.eval()
    torch.manual_seed(9)
    found = method.loss(data).item()
    torch.manual_seed(9)
    y = torch.randint(4 if pretext == "rotation" else 5, (SIZE,))
    changed = turned(data.views[0], y) if pretext == "rotation" else shuffled(data.views[0], method.orders[y])
    with torch.no_grad():
        rows = method.pretext_head(method.encoder(changed)).double().tolist()
        z = method.embed(data.views)
    guess = sum(math.log(sum(map(math.exp, row))) - row[k] for row, k in zip(rows, y.tolist(), strict=True)) / SIZE
    assert found == pytest.approx(loop_nt_xent(*z, 0.5) + 0.7 * guess, rel=1e-4)
    method.train().loss(data).backward()
    assert gradients_of_all(method.pretext_head, method.encoder)


def test_without_its_pretext_it_is_simclr_on_its_own_encoder_for_images_of_any_size():
    method = made(ScatSimCLR, width=6, pretext_weight=0.0)
    assert method.encoder.feature_dim == 6
    assert method.features(torch.randn(3, 1, 21, 14)).shape == (3, 6)
    z = method.embed(batch().views)
    assert method.loss(batch()).item() == pytest.approx(SimCLR(temperature=0.5).objective(*z).item(), rel=1e-4)
