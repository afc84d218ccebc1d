"""Scores against slow float64 loops, scikit-learn, and the limits in which one becomes another."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from sklearn.covariance import EmpiricalCovariance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from torch import nn

from pipeline.contract import Context
from pipeline.errors import UserError
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.ood_score import Validation, ascent, spread
from pipeline.methods.ood_score.ash import ASH
from pipeline.methods.ood_score.energy import Energy
from pipeline.methods.ood_score.k_nn import KNN
from pipeline.methods.ood_score.mahalanobis import Mahalanobis
from pipeline.methods.ood_score.max_logit import MaxLogit
from pipeline.methods.ood_score.msp import MSP
from pipeline.methods.ood_score.odin import ODIN
from pipeline.methods.ood_score.react import ReAct
from pipeline.methods.ood_score.vim import ViM
from pipeline.metrics.detection import auroc, error_metrics, fpr95
from pipeline.ops.gaussian import nearest_class, tied_gaussians
from pipeline.ops.logistic import fit_logistic

STD = torch.tensor([0.25, 0.5])


class TinyEncoder(nn.Module):
    """Two smooth layers, so that finite differences and gradients agree."""

    feature_dim = 5

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(2, 3, 3, padding=1), nn.Conv2d(3, 5, 3, padding=1)

    def layers(self, x):
        first = torch.tanh(self.first(x))
        return [first, torch.tanh(self.second(first))]

    def forward(self, x):
        return self.layers(x)[-1].mean((2, 3))


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = CrossEntropy()
    model.encoder = TinyEncoder()
    model.build(Context(5, 3, 60, (20, 20, 20), 10, 6, 1, 0))
    with torch.no_grad():
        model.head.weight.mul_(20)
    return model.double()


def images(n, seed, shift=0.0):
    return torch.randn(n, 2, 4, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + shift


@pytest.fixture
def validation():
    labels = torch.arange(60) % 3
    train = images(60, 1) + labels[:, None, None, None]
    unknown = torch.cat([images(40, 3, -2.0), 3 * images(40, 4)])
    return Validation(train, labels, images(80, 2, 1.0), unknown, STD)


def attached(method, model):
    method.attach(model)
    return method


def loops(model, x):
    return model.logits(model.encoder(x)).tolist()


def test_msp_max_logit_and_energy_by_loops(model):
    x = images(7, 5)
    rows = loops(model, x)
    exp = [[math.exp(v) for v in row] for row in rows]
    assert attached(MSP(), model).scores(x).tolist() == pytest.approx([max(e) / sum(e) for e in exp])
    assert attached(MaxLogit(), model).scores(x).tolist() == pytest.approx([max(row) for row in rows])
    want = [2.5 * math.log(sum(math.exp(v / 2.5) for v in row)) for row in rows]
    assert attached(Energy(temperature=2.5), model).scores(x).tolist() == pytest.approx(want)


def test_cold_energy_is_the_maximum_logit(model):
    x = images(20, 6)
    cold, top = attached(Energy(temperature=1e-3), model).scores(x), attached(MaxLogit(), model).scores(x)
    torch.testing.assert_close(cold, top, atol=1e-3 * math.log(3), rtol=0)


def test_a_shift_of_all_logits_moves_energy_and_max_logit_and_not_msp(model):
    x = images(9, 7)
    before = [attached(m, model).scores(x) for m in (MSP(), MaxLogit(), Energy())]
    with torch.no_grad():
        model.head.bias += 3
    after = [attached(m, model).scores(x) for m in (MSP(), MaxLogit(), Energy())]
    for moved, a, b in zip((0, 3, 3), before, after, strict=True):
        torch.testing.assert_close(b - a, torch.full_like(a, moved))


def test_confident_float32_models_are_still_ranked(model):
    with torch.no_grad():
        model.head.weight.zero_()
        model.head.bias.copy_(torch.tensor([0.0, 0.0, 25.0]))
        model.head.weight[2, 0] = 1.0
    x = images(50, 8).float()
    scores = attached(MSP(), model.float()).scores(x)
    assert len(scores.unique()) == 50 and (scores.float() == 1).all()


def odin(model, temperature, magnitude, std=STD):
    method = attached(ODIN(), model)
    method.temperature, method.magnitude, method.std = temperature, magnitude, std
    return method


def test_odin_without_temperature_and_step_is_msp(model):
    x = images(12, 9)
    torch.testing.assert_close(odin(model, 1, 0.0).scores(x), attached(MSP(), model).scores(x))


@pytest.mark.parametrize("temperature", [1, 1000])
def test_odin_steps_along_a_finite_difference_gradient(model, temperature):
    """The direction from central differences of log S, one pixel at a time, and the step in units of pixels."""
    x = images(3, 10)

    def log_s(inputs):
        return (torch.tensor(loops(model, inputs), dtype=torch.float64) / temperature).log_softmax(1).amax(1)

    slope = torch.zeros_like(x)
    for place in np.ndindex(2, 4, 4):
        nudge = torch.zeros_like(x)
        nudge[(slice(None), *place)] = 1e-5
        slope[(slice(None), *place)] = (log_s(x + nudge) - log_s(x - nudge)) / 2e-5
    moved = x.clone()
    for channel, std in enumerate((0.25, 0.5)):
        moved[:, channel] += 0.002 / std * slope[:, channel].sign()
    with torch.no_grad():
        got = odin(model, temperature, 0.002).scores(x)
    torch.testing.assert_close(got, log_s(moved).exp(), atol=1e-12, rtol=1e-9)


def test_a_small_odin_step_raises_the_confidence_of_every_input(model):
    x = images(30, 11)
    assert (odin(model, 10, 1e-4).scores(x) > odin(model, 10, 0.0).scores(x)).all()


def test_odin_chooses_the_best_of_the_whole_grid(model, validation):
    std = STD / 100  # long steps, so that the points of the grid differ
    method = attached(ODIN(search_examples=30), model)
    with torch.no_grad():
        chosen = method.fit(dataclasses.replace(validation, std=std))
    known, unknown = spread(validation.known, 30), spread(validation.unknown, 30)
    ranks = {}
    for temperature in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000):
        for i in range(21):
            one = odin(model, temperature, i * 0.004 / 20, std)
            a, b = one.scores(known), one.scores(unknown)
            ranks[temperature, i] = fpr95(a, b), -auroc(a, b)
    temperature, i = min(ranks, key=ranks.get)
    assert chosen == {"temperature": temperature, "epsilon": pytest.approx(i * 0.0002)}
    assert len(set(ranks.values())) > 50 and i > 0


def fitted(method, model, validation):
    attached(method, model)
    with torch.no_grad():
        choices = method.fit(validation)
    return method, choices


def penultimate(model, x):
    with torch.no_grad():
        return model.encoder(x).numpy()


def energies(model, features):
    w, b = model.head.weight.detach().numpy(), model.head.bias.detach().numpy()
    return [math.log(sum(math.exp(v) for v in w @ f + b)) for f in features]


@pytest.mark.parametrize("k", [1, 7, 1000])
def test_k_nn_by_loops(k, model, validation):
    method, _ = fitted(KNN(k=k), model, validation)
    bank = [f / np.linalg.norm(f) for f in penultimate(model, validation.train_inputs)]
    want = []
    for f in penultimate(model, images(6, 30)):
        distances = sorted(math.dist(f / np.linalg.norm(f), z) for z in bank)
        want.append(-distances[min(k, 60) - 1])
    assert method.scores(images(6, 30)).tolist() == pytest.approx(want, abs=1e-7)


def test_k_nn_of_a_training_example_is_itself_and_the_scale_of_features_does_not_matter(model, validation):
    method, _ = fitted(KNN(k=1), model, validation)
    assert method.scores(validation.train_inputs).abs().max() < 1e-6
    before = method.scores(images(6, 31))
    model.encoder.forward = lambda x: 5 * model.encoder.layers(x)[-1].mean((2, 3))
    torch.testing.assert_close(fitted(method, model, validation)[0].scores(images(6, 31)), before)


@pytest.mark.parametrize("percentile", [0.0, 37.0, 90.0, 100.0])
def test_react_by_loops(percentile, model, validation):
    method, chosen = fitted(ReAct(percentile=percentile), model, validation)
    limit = np.percentile(penultimate(model, validation.train_inputs), percentile)
    assert chosen == {"c": pytest.approx(limit)}
    want = energies(model, [np.minimum(f, limit) for f in penultimate(model, images(6, 32))])
    assert method.scores(images(6, 32)).tolist() == pytest.approx(want)


def test_react_at_the_largest_activation_is_energy(model, validation):
    x = validation.train_inputs
    method, _ = fitted(ReAct(percentile=100.0), model, validation)
    torch.testing.assert_close(method.scores(x), attached(Energy(), model).scores(x))


@pytest.mark.parametrize("principal", [0, 3, 9])
def test_vim_by_numpy(principal, model, validation):
    """With the projection onto the principal space in place of the residual basis."""
    method, chosen = fitted(ViM(principal=principal), model, validation)
    w, b = model.head.weight.detach().numpy(), model.head.bias.detach().numpy()
    origin = -np.linalg.lstsq(w, b, rcond=None)[0]
    train = penultimate(model, validation.train_inputs)
    _, _, axes = np.linalg.svd(train - origin)
    axes = axes[: {0: 2, 3: 3, 9: 4}[principal]]

    def residual(f):
        return np.linalg.norm(f - origin - axes.T @ (axes @ (f - origin)))

    alpha = sum(max(w @ f + b) for f in train) / sum(residual(f) for f in train)
    assert chosen == {"alpha": pytest.approx(alpha)}
    test = penultimate(model, images(6, 33))
    want = [e - alpha * residual(f) for e, f in zip(energies(model, test), test, strict=True)]
    assert method.scores(images(6, 33)).tolist() == pytest.approx(want)


def test_vim_ranks_as_the_virtual_class_is_improbable(model, validation):
    method, chosen = fitted(ViM(), model, validation)
    x = images(30, 34)
    virtual = chosen["alpha"] * method.residual(method.penultimate(x))
    logits = torch.cat([method.logits(x), virtual[:, None]], 1)
    torch.testing.assert_close(logits.softmax(1)[:, -1].argsort(), method.scores(x).argsort(descending=True))


@pytest.mark.parametrize("percentile, kept", [(0.0, 5), (50.0, 3), (80.0, 1), (99.0, 1)])
def test_ash_by_loops(percentile, kept, model):
    model.encoder.forward = lambda x: model.encoder.layers(x)[-1].mean((2, 3)).relu()
    shaped = []
    for f in penultimate(model, images(6, 35)):
        top = sorted(range(5), key=lambda i: -f[i])[:kept]
        scale = math.exp(f.sum() / max(f[top].sum(), 1e-12))
        shaped.append(np.array([f[i] * scale if i in top else 0.0 for i in range(5)]))
    got = attached(ASH(percentile=percentile), model).scores(images(6, 35))
    assert got.tolist() == pytest.approx(energies(model, shaped))


def test_ash_of_an_input_without_activations_is_the_energy_of_the_bias(model):
    model.encoder.forward = lambda x: x.new_zeros(len(x), 5)
    bias = model.head.bias.logsumexp(0).item()
    assert attached(ASH(), model).scores(images(2, 36)).tolist() == pytest.approx([bias, bias])


def test_float32_models_take_changed_features(model, validation):
    single = dataclasses.replace(
        validation, train_inputs=validation.train_inputs.float(), known=validation.known.float(), std=STD
    )
    for method in (KNN(), ReAct(), ViM(), ASH()):
        doubles = fitted(method, model.double(), validation)[0].scores(images(9, 37))
        singles = fitted(method, model.float(), single)[0].scores(images(9, 37).float())
        assert singles.dtype == torch.float64
        torch.testing.assert_close(singles, doubles, rtol=1e-3, atol=1e-4)


def test_errors_are_told_from_right_predictions_as_scikit_learn_says():
    make = torch.Generator().manual_seed(38)
    right = torch.rand(200, generator=make) < 0.8
    scores = torch.randn(200, generator=make, dtype=torch.float64) + right
    got = error_metrics(scores, right)
    assert got["error_auroc"] == pytest.approx(100 * roc_auc_score(right, scores))
    assert got["error_aupr"] == pytest.approx(100 * average_precision_score(~right, -scores))
    assert error_metrics(scores, torch.ones(200, dtype=torch.bool)) == {}


@pytest.mark.parametrize("method", [ODIN(), Mahalanobis()])
@pytest.mark.parametrize("field, key", [("known", "validation_examples"), ("unknown", "validation_outliers")])
def test_a_fit_without_validation_data_says_what_to_set(method, field, key, model, validation):
    lacking = dataclasses.replace(validation, **{field: getattr(validation, field)[:0]})
    with pytest.raises(UserError, match=key):
        attached(method, model).fit(lacking)


def test_frozen_models_stay_frozen_and_gradient_free(model):
    x = images(4, 12)
    with torch.no_grad():
        assert not odin(model, 10, 0.001).scores(x).requires_grad
    assert all(p.grad is None and not p.requires_grad for p in model.parameters())
    assert x.grad is None and not x.requires_grad


def test_a_flat_confidence_moves_nothing():
    step = ascent(images(2, 13), lambda x: x[:, 0].sum((1, 2)), STD)
    assert (step[:, 0] == 4).all() and (step[:, 1] == 0).all()


def test_spread_takes_from_every_kind():
    kinds = torch.arange(4).repeat_interleave(25)
    assert spread(kinds, 8).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert spread(kinds, 500) is kinds


def test_tied_gaussians_equal_scikit_learn_and_loops():
    make = torch.Generator().manual_seed(14)
    x = torch.randn(40, 3, generator=make, dtype=torch.float64)
    y = torch.tensor([0, 1, 4, 4] * 10)
    means, precision = tied_gaussians(x, y)
    centred = np.concatenate([x[y == c].numpy() - x[y == c].numpy().mean(0) for c in (0, 1, 4)])
    np.testing.assert_allclose(precision, EmpiricalCovariance().fit(centred).precision_, rtol=1e-9)
    q = torch.randn(5, 3, generator=make, dtype=torch.float64)
    want = [
        min(sum((v[i] - m[i]) * precision[i, j] * (v[j] - m[j]) for i in range(3) for j in range(3)) for m in means)
        for v in q
    ]
    torch.testing.assert_close(nearest_class(q, means, precision), torch.stack(want))


def test_with_the_identity_the_distance_is_the_nearest_class_mean():
    make = torch.Generator().manual_seed(15)
    q, means = torch.randn(20, 4, generator=make), torch.randn(3, 4, generator=make)
    torch.testing.assert_close(nearest_class(q, means, torch.eye(4)), torch.cdist(q, means).amin(1) ** 2)


def test_the_distance_does_not_depend_on_the_scale_or_mix_of_features():
    make = torch.Generator().manual_seed(16)
    x, y = torch.randn(60, 4, generator=make, dtype=torch.float64), torch.arange(60) % 3
    mix = torch.randn(4, 4, generator=make, dtype=torch.float64)
    torch.testing.assert_close(
        nearest_class(x, *tied_gaussians(x, y)), nearest_class(x @ mix, *tied_gaussians(x @ mix, y))
    )


def test_dead_channels_do_no_harm():
    x = torch.randn(60, 4, generator=torch.Generator().manual_seed(17), dtype=torch.float64)
    y = torch.arange(60) % 3
    dead = torch.cat([x, torch.zeros(60, 2, dtype=torch.float64)], 1)
    torch.testing.assert_close(nearest_class(dead, *tied_gaussians(dead, y)), nearest_class(x, *tied_gaussians(x, y)))


def test_mahalanobis_by_its_parts(model, validation):
    """Layers, steps, regression and choice redone with other tools; score is the weighted sum of its layers."""
    method = attached(Mahalanobis(), model)
    with torch.no_grad():
        chosen = method.fit(validation)

    def confidence(x, layer):
        def pooled(v):
            return model.encoder.layers(v)[layer].flatten(2).mean(2)

        features, y = pooled(validation.train_inputs).numpy(), validation.train_labels.numpy()
        means = [features[y == c].mean(0) for c in range(3)]
        centred = np.concatenate([features[y == c] - means[c] for c in range(3)])
        precision = torch.tensor(np.linalg.inv(centred.T @ centred / 60))
        q = pooled(x)
        apart = [q - torch.tensor(m) for m in means]
        return torch.stack([-torch.einsum("ni,ij,nj->n", a, precision, a) for a in apart]).amax(0)

    def layer_scores(x, magnitude):
        out = []
        for layer in range(2):
            leaf = x.clone().requires_grad_()
            (gradient,) = torch.autograd.grad(confidence(leaf, layer).sum(), leaf)
            out.append(confidence(x + magnitude * gradient.sign() / STD.view(2, 1, 1), layer).detach())
        return torch.stack(out, 1).numpy()

    best = None
    for magnitude in (0.0, 0.0005, 0.001, 0.0014, 0.002, 0.005, 0.01):
        known, unknown = layer_scores(validation.known, magnitude), layer_scores(validation.unknown, magnitude)
        sample, truth = np.r_[known[::2], unknown[::2]], np.r_[np.ones(40), np.zeros(40)]
        deviation = sample.std(0)
        regression = LogisticRegression(C=1.0, tol=1e-12, max_iter=10000)
        regression.fit((sample - sample.mean(0)) / deviation, truth)
        weights = regression.coef_[0] / deviation
        a, b = torch.tensor(known[1::2] @ weights), torch.tensor(unknown[1::2] @ weights)
        rank = fpr95(a, b), -auroc(a, b)
        if best is None or rank < best[0]:
            best = rank, magnitude, weights
    _, magnitude, weights = best
    assert chosen["epsilon"] == magnitude
    assert [chosen["alpha_0"], chosen["alpha_1"]] == pytest.approx(weights.tolist(), rel=1e-4)
    x = images(6, 18, 1.0)
    with torch.no_grad():
        got = method.scores(x)
    np.testing.assert_allclose(got, layer_scores(x, magnitude) @ weights, rtol=1e-4)


def test_mahalanobis_tells_far_from_near(model, validation):
    method = attached(Mahalanobis(), model)
    with torch.no_grad():
        method.fit(validation)
        assert auroc(method.scores(images(50, 19, 1.0)), method.scores(images(50, 20, -2.0))) > 80


def test_fits_are_repeatable_and_do_not_depend_on_batches(model, validation):
    for method in (ODIN(search_examples=20), Mahalanobis(), KNN(k=3), ReAct(), ViM()):
        attached(method, model)
        with torch.no_grad():
            first, scores = method.fit(validation), method.scores(validation.known)
            assert method.fit(validation) == first
            method.batch_size = 7
            torch.testing.assert_close(method.scores(validation.known), scores)
        assert all(isinstance(value, float) for value in first.values())


@pytest.mark.parametrize("strength", [0.1, 1.0, 100.0])
def test_logistic_regression_equals_scikit_learn(strength):
    make = torch.Generator().manual_seed(21)
    x = torch.randn(80, 3, generator=make, dtype=torch.float64) * torch.tensor([1.0, 5.0, 0.2])
    y = (x[:, 0] + x[:, 1] / 5 + torch.randn(80, generator=make) > 0.5).long()
    weights, bias = fit_logistic(x, y, strength)
    want = LogisticRegression(C=strength, tol=1e-12, max_iter=10000).fit(x.numpy(), y.numpy())
    np.testing.assert_allclose(weights, want.coef_[0], rtol=1e-4)
    assert bias.item() == pytest.approx(want.intercept_[0], rel=1e-4, abs=1e-5)


def test_logistic_regression_on_separable_data_stays_finite_and_needs_both_classes():
    x = torch.tensor([[-100.0], [-99.0], [99.0], [100.0]])
    weights, bias = fit_logistic(x, torch.tensor([0, 0, 1, 1]), 1000.0)
    assert 0 < weights.item() < 10 and abs(bias.item()) < 1
    with pytest.raises(ValueError, match="both classes"):
        fit_logistic(x, torch.ones(4))
