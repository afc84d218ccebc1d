"""What holds of all that align gradients: the loss by loops, what is left without the term, state, and who is seen."""

import copy
import math

import pytest
import torch

from pipeline.methods.adversarial.pgd_at import PGDAT
from pipeline.methods.aligned_gradients import AlignedGradients
from pipeline.methods.aligned_gradients.pag_at import PAGAT
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from tests.kit.classifiers import check_kept_state, check_reach, doubled
from tests.kit.losses import cross_entropy, mean_over
from tests.kit.methods import CONTEXT, Training, batch, begun, dot, made, members, step, unit
from tests.kit.rules import check_that_hard_batches_are_no_trouble

FAMILY = members("aligned_gradients", AlignedGradients)
ALONE = [cls for cls in FAMILY if cls is not PAGAT]
VIEWS = ("full", "plain")


def ready(cls, **settings):
    return begun(made(cls, **settings))


def data(seed=2):
    return doubled(batch(VIEWS, seed=seed))


def slow_cosine(method, image, label, direction):
    """By central differences of the class's score."""

    def score(at):
        z = method.logits(method.encoder(at[None]))[0]
        return (z[label] if method.of == "logit" else z[label] - z.logsumexp(0)).item()

    slope, width = [], 1e-6
    for place in range(image.numel()):
        shift = torch.zeros(image.numel(), dtype=torch.float64)
        shift[place] = width
        moved = shift.view_as(image)
        slope.append((score(image + moved) - score(image - moved)) / (2 * width))
    return dot(unit(slope), unit(direction.flatten().tolist()))


@pytest.mark.parametrize("of", ["logit", "log_probability"])
@pytest.mark.parametrize("cls", ALONE)
def test_the_loss_by_loops(cls, of):
    method = ready(cls, weight=0.7, of=of).double()
    step(method, data(seed=5))  # so that running statistics and the batch's are not alike by chance
    given = data()
    slow = copy.deepcopy(method)
    want = mean_over(cross_entropy, slow.logits(slow.encoder(given.views[0])), given.labels)
    slow.eval().requires_grad_(False)  # with the running statistics that have seen the batch
    found = []
    for place, image in enumerate(given.views[1]):
        for label in range(3):
            there = slow.destinations(image[None], torch.tensor([label]), given.indices[place : place + 1])[0]
            found.append(1 - slow_cosine(slow, image, label, there - image))
    want += 0.7 * sum(found) / len(given.labels)
    assert method.loss(given).item() == pytest.approx(want, rel=1e-5)


@pytest.mark.parametrize("cls", FAMILY)
def test_without_weight_nothing_is_left_of_it(cls):
    method, given = ready(cls, weight=0.0), batch(VIEWS)
    other = made(PGDAT if cls is PAGAT else CrossEntropy)
    torch.manual_seed(3)
    want = other.loss(given)
    torch.manual_seed(3)
    torch.testing.assert_close(method.loss(given), want)


@pytest.mark.parametrize("cls", FAMILY)
def test_random_targets_change_the_outcome_and_stay_the_same(cls):
    given = data()
    found, alike = [], ready(cls, random_targets=True).double()
    for method in (ready(cls).double(), ready(cls, random_targets=True).double(), alike):
        torch.manual_seed(3)
        found.append(method.aligned(given))
    assert not torch.allclose(found[0], found[1]) and torch.equal(found[1], found[2])
    shown = alike.noise.clone()
    step(alike, given)
    assert torch.equal(alike.noise, shown) and shown[0].ne(shown[1]).all()


@pytest.mark.parametrize("cls", FAMILY)
def test_some_classes_stand_for_all(cls):
    """The mean over many draws of one class is the mean over all classes."""
    method, given = ready(cls).double(), data()
    every = method.aligned(given)
    assert len(every) == 3 * len(given.labels)
    method.gradients = 1
    torch.manual_seed(0)
    drawn = torch.stack([method.aligned(given).detach() for _ in range(300)])
    assert drawn.shape[1] == len(given.labels)
    assert drawn.mean().item() == pytest.approx(every.mean().item(), abs=5 * drawn.std().item() / math.sqrt(300 * 12))


@pytest.mark.parametrize("cls", FAMILY)
def test_neither_the_scale_of_logits_nor_a_constant_in_them_matters(cls):
    method, given = ready(cls).double(), data()
    torch.manual_seed(3)
    before = method.aligned(given)
    with torch.no_grad():
        method.head.weight *= 7.0
        method.head.bias += 2.0
    torch.manual_seed(3)
    torch.testing.assert_close(method.aligned(given), before)


@pytest.mark.parametrize("cls", FAMILY)
def test_aligned_images_pass_in_evaluation_mode(cls):
    method, given, seen = ready(cls), batch(VIEWS), []
    method.encoder.convolution.register_forward_hook(lambda *_: seen.append((method.training, len(_[1][0]))))
    method.aligned(given)
    assert seen == [(False, 36)] and method.training and method.encoder.norm.num_batches_tracked == 0


@pytest.mark.parametrize("cls", FAMILY)
def test_the_term_teaches(cls):
    method, given = ready(cls), batch(VIEWS)
    step(method, given)
    check_reach(method, batch(VIEWS, seed=5))
    method = ready(cls).double()
    before = method.aligned(data()).mean().item()
    for _ in range(20):
        step(method, data(), learning_rate=0.02)
    assert method.aligned(data()).mean() > before + 0.02


@pytest.mark.parametrize("cls", FAMILY)
def test_hard_batches(cls):
    check_that_hard_batches_are_no_trouble(ready(cls))


@pytest.mark.parametrize("cls", FAMILY)
def test_evaluation_and_resumption_need_what_is_kept(cls):
    method = ready(cls)
    step(method, batch(VIEWS))
    check_kept_state(method, made(cls, seed=9), batch(VIEWS).views[0])
    again = made(cls, seed=9)
    again.load_state_dict(method.state_dict())
    losses = []
    for each in (method.train(), again.train()):
        torch.manual_seed(5)
        losses.append([step(each, batch(VIEWS, seed=seed)).item() for seed in (6, 7)])
    assert losses[0] == losses[1]


def test_a_larger_training_set_is_seen_as_a_whole():
    assert len(list(Training().plain())) > 1 and CONTEXT.train_examples == 48
