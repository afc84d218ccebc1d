"""Wild images found again among clean ones: whose, how many of each kind, alike for every method of a study."""

import dataclasses

import pytest
import torch

from pipeline import modalities
from pipeline.errors import UserError
from pipeline.methods.ood_score.energy import Energy
from pipeline.methods.ood_score.msma import MSMA
from pipeline.methods.ood_score.scone import SCONE
from pipeline.modalities.images.outliers import outliers
from pipeline.protocols.ood import UntrainedBudget
from pipeline.protocols.ood.run import prepare, wild_images
from tests.kit import jobs

WILD = {
    "examples": 50,
    "outliers": ["permuted", "shuffled_rows", "collage"],
    "outlier_share": 0.4,
    "shifted_share": 0.2,
}


def spare(count, method=None, seed=0, **budget):
    """A job whose data set has so many images beyond those that it trains on."""
    data = dataclasses.replace(jobs.data(), spare_inputs=jobs.data(train=count, side=16).train_inputs)
    return jobs.job(method or SCONE(), "ood", data, seed, **budget)


def test_wild_images_have_the_stated_shares():
    job = spare(40)
    known, draws = job.data.spare_inputs, job.draws
    wild = wild_images(job, WILD)
    assert wild.shape == (50, 1, 16, 16) and wild.dtype == torch.uint8
    rows = [image.numpy().tobytes() for image in known]
    clean = [rows.index(image.numpy().tobytes()) for image in wild[30:]]
    assert len(set(clean)) == 20
    strange = [
        outliers(kind, known, count, draws.generator("outliers", "wild", kind), None)
        for kind, count in zip(WILD["outliers"], (6, 7, 7), strict=True)
    ]
    assert torch.equal(wild[:20], torch.cat(strange))
    assert not {image.numpy().tobytes() for image in wild[20:30]} & set(rows)
    distance = (wild[20:30, None].float() - known.float()).abs().mean((2, 3, 4))
    sources = distance.argmin(1).tolist()
    assert len(set(sources)) == 10 and not set(sources) & set(clean)
    assert torch.equal(wild_images(spare(40, Energy()), WILD), wild)
    assert not torch.equal(wild_images(spare(40, seed=1), WILD), wild)


def test_there_must_be_enough_known_images_to_draw_from():
    with pytest.raises(UserError, match="30 of them are known images, but the data set has only 20"):
        wild_images(spare(20), WILD)


@pytest.mark.parametrize("method, wild, count", [(Energy(), WILD, None), (MSMA(), None, None), (SCONE(), WILD, 50)])
def test_wild_images_are_made_for_methods_that_train(method, wild, count):
    streams = prepare(spare(40, method, wild=wild)).data.streams
    assert len(streams.get("wild", ())) == (count or 0)


@pytest.mark.parametrize(("side", "fits"), [(28, True), (33, True), (31, False)])
def test_patches_that_do_not_fit_the_images_are_refused_before_training(side, fits):
    images = dataclasses.replace(modalities.describe("fashion_mnist"), shape=(1, side, side))
    budget = UntrainedBudget(outliers=["uniform"], validation_outliers=["jigsaw"])
    if fits:
        budget.check(images, "here")
    else:
        with pytest.raises(UserError, match=r"here: outliers 'jigsaw' need sides divisible by 4 or 3 or 2; .* 31x31"):
            budget.check(images, "here")
