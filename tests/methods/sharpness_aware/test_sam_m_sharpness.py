"""Ascents of parts of a batch, each by hand; a part as large as the batch is SAM; parts count by their sizes."""

import math

import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.sharpness_aware.sam import SAM
from pipeline.methods.sharpness_aware.sam_m_sharpness import SAMMSharpness, part_of
from tests.kit.classifiers import doubled
from tests.kit.methods import batch, made
from tests.kit.slopes import close, gradient, plus, smooth, stepped, times


def test_each_part_climbs_by_itself():
    """Eleven examples in parts of 6 and 5."""
    (method, _), data = smooth(SAMMSharpness, m=5, rho=0.3), doubled(batch(("full",), size=11))
    wanted = [0.0] * sum(weight.numel() for weight in method.parameters())
    for first, size in ((0, 6), (6, 5)):
        part = part_of(data, torch.arange(first, first + size))
        own = gradient(method, part)
        top = gradient(method, part, times(0.3 / math.sqrt(sum(v * v for v in own)), own))
        wanted = plus(wanted, times(size / 11, top))
    close(stepped(method, data), wanted)


def test_one_part_is_sam():
    data, pair = batch(("full",)), [made(SAMMSharpness, m=12), made(SAM)]
    first, second = (stepped(method, data) for method in pair)
    close(first, second)
    for one, other in zip(pair[0].buffers(), pair[1].buffers(), strict=True):
        torch.testing.assert_close(one, other)


def test_without_ascent_and_normalisation_parts_do_not_matter():
    method, data = smooth(SAMMSharpness, m=5, rho=0.0)
    plain, _ = smooth(CrossEntropy)
    close(stepped(method, data), stepped(plain, data))
    torch.testing.assert_close(method.backward(data), plain.backward(data))


def test_the_size_of_parts_changes_the_step():
    steps = [stepped(*smooth(SAMMSharpness, m=m, rho=0.5)) for m in (3, 12)]
    assert not torch.allclose(*(torch.tensor(found) for found in steps))
