"""What holds of every joint embedding: its views, its invariances, its gradient, what evaluation needs of it."""

import pytest
import torch

from pipeline.methods.joint_embedding import JointEmbedding, Pretrained, SeveralViews
from pipeline.methods.joint_embedding.cacr import CACR
from pipeline.methods.joint_embedding.groco import GroCo
from pipeline.methods.joint_embedding.raw_pixels import RawPixels
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.methods.joint_embedding.swav import SwAV
from pipeline.methods.joint_embedding.vicreg import VICReg
from pipeline.methods.joint_embedding.w_mse import WMSE
from tests.kit.embeddings import several
from tests.kit.methods import SIZE, batch, made, members, phase_by_phase, step
from tests.kit.rules import check_that_evaluation_reads_what_is_kept, check_that_hard_batches_are_no_trouble

MEMBERS = members("joint_embedding")
OF_EMBEDDINGS = [cls for cls in members("joint_embedding", JointEmbedding) if cls.loss is JointEmbedding.loss]
"""Those whose loss is a function of the views' embeddings alone."""


def embedded(method):
    """Random embeddings of two views, as wide as the method's."""
    return several(2, SIZE, method.embed(batch().views)[0].shape[1])


def test_views_of_two_sizes_come_back_in_their_order():
    method = made(SimCLR, batch_norm=False)
    data = batch(("small", "full", "small")).views
    for z, view in zip(method.embed(data), data, strict=True):
        torch.testing.assert_close(z, method.projector(method.encoder(view)))


def test_views_of_one_size_share_batch_statistics():
    method, data = made(SimCLR), batch().views
    together = method.projector(method.encoder(torch.cat(data)))
    torch.testing.assert_close(torch.cat(method.embed(data)), together)
    assert not torch.allclose(method.embed(data[:1])[0], together[:SIZE])


@pytest.mark.parametrize("cls", OF_EMBEDDINGS)
def test_which_image_comes_first_is_irrelevant_and_so_is_the_scale_of_embeddings(cls):
    method = made(cls)
    z = embedded(method)
    with torch.no_grad():
        loss = float(method.objective(*z))
        order = torch.randperm(SIZE)
        assert float(method.objective(*(view[order] for view in z))) == pytest.approx(loss, rel=1e-4, abs=1e-6)
        scaled = float(method.objective(*(3 * view for view in z)))
    # VICReg asks for a certain spread
    assert (scaled == pytest.approx(loss, rel=1e-3, abs=1e-5)) == (cls is not VICReg)


# CACR's earlier views are repelled by the later ones
@pytest.mark.parametrize("cls", [cls for cls in OF_EMBEDDINGS if cls is not CACR])
def test_which_of_two_views_comes_first_is_irrelevant(cls):
    method = made(cls)
    z = embedded(method)
    with torch.no_grad():
        assert float(method.objective(*z)) == pytest.approx(float(method.objective(*reversed(z))), rel=1e-4, abs=1e-6)


# GroCo and SwAV hold parts of their losses constant
@pytest.mark.parametrize("cls", [cls for cls in OF_EMBEDDINGS if cls not in (GroCo, SwAV)])
def test_gradient_equals_finite_differences_through_the_embeddings(cls):
    method = made(cls, **({"temperature": 0.5} if hasattr(cls, "temperature") else {}))
    z1, z2 = (z.requires_grad_() for z in embedded(method))
    (gradient,) = torch.autograd.grad(method.objective(z1, z2), z1)
    place = divmod(int(gradient.abs().argmax()), z1.shape[1])
    nudge = torch.zeros_like(z1)
    nudge[place] = 3e-3
    slope = (method.objective(z1 + nudge, z2).item() - method.objective(z1 - nudge, z2).item()) / 6e-3
    assert float(gradient[place]) == pytest.approx(slope, rel=3e-2, abs=3e-4)


@pytest.mark.parametrize("cls", members("joint_embedding", SeveralViews))
def test_as_many_views_are_made_as_the_setting_says_and_every_one_counts(cls):
    assert cls().views == ("full", "full")
    method = made(cls, num_views=3)
    assert method.views == ("full",) * 3
    before = method.encoder.convolution.weight.clone()
    assert step(method, batch(method.views)).isfinite()
    assert not torch.equal(before, method.encoder.convolution.weight)
    z = several(4)
    loss = float(cls().objective(*z))
    for view in range(4):
        other = [-u if i == view else u for i, u in enumerate(z)]
        assert abs(float(cls().objective(*other)) - loss) > 1e-3


@pytest.mark.parametrize("cls", members("joint_embedding", Pretrained))
def test_pretraining_takes_its_share_of_the_same_epochs(cls):
    assert cls(pretraining=0.3).phases == (0.3, 0.7)
    assert sum(cls().phases) == pytest.approx(1.0)


@pytest.mark.parametrize("cls", OF_EMBEDDINGS)
def test_the_projection_is_probed_only_where_that_is_asked_for(cls):
    method, images = made(cls, probe_projection=True).eval(), batch().views[0]
    projected = method.further_features(images, method.features(images))["projected"]
    torch.testing.assert_close(projected, method.projector(method.encoder(images)))
    check_that_evaluation_reads_what_is_kept(method)
    assert made(cls).further_features(images, images) == {}


@pytest.mark.parametrize("cls", [cls for cls in MEMBERS if cls.trains])
def test_gradient_reaches_encoder_and_head_and_no_follower(cls):
    *_, method = phase_by_phase(made(cls))
    method.zero_grad()
    method.loss(batch(method.views)).backward()
    for name, parameter in method.named_parameters():
        if name.startswith(("encoder.", "projector.")) and parameter.ndim > 1:
            assert float(parameter.grad.abs().sum()) > 0, name
        assert parameter.requires_grad or parameter.grad is None, name


# raw pixels are given an encoder like all others and do not ask it
@pytest.mark.parametrize("cls", [cls for cls in MEMBERS if cls is not RawPixels])
def test_evaluation_reads_what_is_kept(cls):
    check_that_evaluation_reads_what_is_kept(made(cls))


# whitening a few images, or equal ones, is not defined
@pytest.mark.parametrize("cls", [cls for cls in MEMBERS if cls.trains and cls is not WMSE])
def test_few_images_equal_ones_and_half_precision_are_no_trouble(cls):
    check_that_hard_batches_are_no_trouble(made(cls))
