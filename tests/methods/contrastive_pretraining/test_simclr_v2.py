"""SimCLRv2: which layer the classifier sits on, what is distilled from whom, by loops; what each phase leaves alone."""

import copy
import math

import pytest
import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.contrastive_pretraining.simclr_v2 import SimCLRv2
from tests.kit.losses import cross_entropy, log_softmax, mean_over, softmax
from tests.kit.methods import batch, begun, made, step
from tests.kit.semi_supervised import data, double


def at(phase, **settings):
    """A method that has gone through its phases up to this one, with two steps in each before it."""
    method = made(SimCLRv2, **settings).double()
    for number in range(phase):
        begun(method, number)
        for seed in range(2):
            step(method, double(data(SimCLRv2, seed=seed)))
    return begun(method, phase)


@pytest.mark.parametrize("layers", [0, 1, 2])
def test_the_classifier_sits_on_a_layer_of_the_projector(layers):
    """In evaluation, where normalisation is by running statistics, number by number."""
    method = at(1, fine_tune_from=layers).eval()
    features = torch.randn(6, 10, dtype=torch.float64).abs()
    found = method.logits(features)
    modules = list(method.projector.children())
    for row, z in zip(features.tolist(), found.tolist(), strict=True):
        h = row
        for layer in range(layers):
            linear, norm = modules[3 * layer], modules[3 * layer + 1]
            h = [sum(w * v for w, v in zip(ws, h, strict=True)) for ws in linear.weight.tolist()]
            state = [part.tolist() for part in (norm.running_mean, norm.running_var, norm.weight, norm.bias)]
            parts = zip(h, *state, strict=True)
            h = [max(0.0, (v - m) / math.sqrt(s + norm.eps) * g + b) for v, m, s, g, b in parts]
        want = method.head.bias.tolist()
        want = [
            b + sum(w * v for w, v in zip(ws, h, strict=True))
            for ws, b in zip(method.head.weight.tolist(), want, strict=True)
        ]
        assert z == pytest.approx(want)


def test_fine_tuned_from_the_encoder_it_is_cross_entropy():
    method, plain = at(1, fine_tune_from=0), made(CrossEntropy).double()
    plain.load_state_dict({name: value for name, value in method.state_dict().items() if name in plain.state_dict()})
    for seed in range(3):
        given = double(batch(("full",), seed=seed))
        torch.testing.assert_close(step(method, given), step(plain, given))
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(method.state_dict()[name], value)


def test_fine_tuning_trains_encoder_head_and_the_kept_layer_alone():
    method = at(1, fine_tune_from=1)
    before = copy.deepcopy(method.state_dict())
    step(method, double(data(SimCLRv2)))
    changed = {name for name, value in method.state_dict().items() if not torch.equal(value, before[name])}
    trained = {name for name in changed if "running" not in name and "tracked" not in name}
    trained -= {"encoder.convolution.bias"}  # which normalisation takes out again, but for rounding
    expected = {"encoder.convolution.weight", "encoder.norm.weight", "encoder.norm.bias"}
    assert trained == expected | {
        "projector.0.weight",
        "projector.1.weight",
        "projector.1.bias",
        "head.weight",
        "head.bias",
    }


@pytest.mark.parametrize("tau", [1.0, 2.5])
def test_distillation_against_loops(tau):
    method, given = at(2, distillation_temperature=tau), double(data(SimCLRv2))
    weak = given["unlabelled"].views[0]
    with torch.no_grad():
        taught, own = method.teacher_logits(weak), method.logits(method.encoder(weak))
    total = 0.0
    for t, s in zip(taught.tolist(), own.tolist(), strict=True):
        targets, logs = softmax([v / tau for v in t]), log_softmax([v / tau for v in s])
        total -= sum(p * q for p, q in zip(targets, logs, strict=True))
    assert method.loss(given).item() == pytest.approx(tau**2 * total / len(weak))


def test_the_teacher_is_what_was_fine_tuned_and_the_student_starts_anew():
    method = at(1)
    fresh = copy.deepcopy(made(SimCLRv2).double().student().state_dict())
    for seed in range(2):
        step(method, double(data(SimCLRv2, seed=seed)))
    tuned = copy.deepcopy(method.student().state_dict())
    begun(method, 2)
    for name, value in tuned.items():
        assert torch.equal(method.teacher.state_dict()[name], value)
        assert torch.equal(method.student().state_dict()[name], fresh[name])
    for seed in range(2):
        step(method, double(data(SimCLRv2, seed=seed)))
    assert all(torch.equal(value, method.teacher.state_dict()[name]) for name, value in tuned.items())


def test_distillation_reads_no_label_and_no_labelled_image():
    method, given = at(2), double(data(SimCLRv2))
    expected = method.loss(given)
    given.views, given.labels = [torch.full_like(given.views[0], torch.nan)], None
    assert torch.equal(method.loss(given), expected)


def test_the_student_comes_to_agree_with_its_teacher():
    method, given = at(2), double(data(SimCLRv2))
    weak = given["unlabelled"].views[0]

    def gap():
        with torch.no_grad():
            student = method.logits(method.encoder(weak)).softmax(1)
            return (student - method.teacher_logits(weak).softmax(1)).abs().mean()

    before = gap()
    for _ in range(60):
        step(method, given, 0.5)
    assert gap() < 0.5 * before


def test_what_is_left_of_the_epochs_is_distillations():
    assert SimCLRv2().phases == pytest.approx((0.5, 0.1, 0.4))
    assert SimCLRv2(pretraining=0.8333, fine_tuning=0.1667).phases == (0.8333, 0.1667)


def test_pseudo_labels_are_the_teachers():
    method, plain = at(2).eval(), torch.randn(5, 1, 8, 8, dtype=torch.float64)
    classes, weights = method.pseudo_labels(plain, torch.arange(5))
    assert torch.equal(classes, method.teacher_logits(plain).argmax(1)) and (weights == 1).all()


def test_mean_of_labelled_losses():
    method, given = at(1), double(data(SimCLRv2))
    with torch.no_grad():
        logits = method.logits(method.encoder(given.views[0]))
    assert method.loss(given).item() == pytest.approx(mean_over(cross_entropy, logits, given.labels))
