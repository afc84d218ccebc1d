"""Attacks against closed forms on linear losses and a loop over pixels; how far they go, and what they leave alone."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pipeline.contract import Inputs
from pipeline.ops.attacks import PGD, Ascent, Cascade, Nearby, Reach, evaluating, fgsm, right, still, uniform
from pipeline.ops.balls import L2, Linf

R = 0.1
MEANS, STDS = (0.3, 0.5, 0.45), (0.2, 0.35, 0.25)
COLOURED = Inputs(shape=(3, 5, 5), view_shape=(3, 5, 5), mean=MEANS, std=STDS, bounds=(0.0, 1.0))
FREE = Inputs(shape=(3, 5, 5), view_shape=(3, 5, 5), mean=MEANS, std=STDS)
ATTACKS = {
    "fgsm": fgsm(Linf(R)),
    "pgd": PGD(Linf(R), 7, R / 4),
    "far steps": PGD(Linf(R), 3, 3 * R),
    "nearby": PGD(Linf(R), 10, 0.226 * R, Nearby()),
}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def images(count=6, seed=1, dtype=torch.float64):
    """Raw images (count, 3, 5, 5) of which some values are 0 and some 1."""
    return (1.6 * torch.rand(count, 3, 5, 5, generator=seeded(seed), dtype=dtype) - 0.3).clamp(0, 1)


def views(raw, inputs=COLOURED):
    return (raw - inputs.column(inputs.mean).to(raw)) * inputs.scale.to(raw)


def pixels(found, inputs=COLOURED):
    return found / inputs.scale.to(found) + inputs.column(inputs.mean).to(found)


def network(batch_norm=True, seed=2):
    torch.manual_seed(seed)
    made = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8) if batch_norm else nn.Identity(), nn.Tanh())
    return nn.Sequential(made, nn.Conv2d(8, 4, 3), nn.Flatten()).double()


def loss_of(model):
    return lambda x: model(x).logsumexp(1)


@pytest.mark.parametrize("start", [uniform, still, Nearby(0.01)])
@pytest.mark.parametrize("steps, step_size", [(1, 2.0), (8, 0.25), (20, 0.125)])
@pytest.mark.parametrize("inputs", [COLOURED, FREE])
def test_the_worst_case_of_a_linear_loss_is_reached(inputs, steps, step_size, start):
    """Each value moves by the radius, in raw units, in the sign of its slope, as far as the range lets it."""
    raw, slope = images(), torch.randn(3, 5, 5, generator=seeded(3), dtype=torch.float64)
    attack = PGD(Linf(R), steps, step_size * R, start)
    found = attack(lambda x: (x * slope).sum((1, 2, 3)), views(raw), inputs, seeded())
    want = raw + R * slope.sign()
    torch.testing.assert_close(pixels(found), want.clamp(0, 1) if inputs.bounds else want, rtol=0, atol=1e-6)


def test_one_step_from_the_input_does_so_too():
    raw, slope = images(), torch.randn(3, 5, 5, generator=seeded(3), dtype=torch.float64)
    found = fgsm(Linf(R))(lambda x: (x * slope).sum(), views(raw), COLOURED)
    torch.testing.assert_close(pixels(found), (raw + R * slope.sign()).clamp(0, 1), rtol=0, atol=1e-6)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_results_lie_in_the_ball_and_in_the_range(attack, dtype):
    model, raw = network().to(dtype).eval(), images(dtype=dtype)
    moved = pixels(attack(loss_of(model), views(raw), COLOURED, seeded()))
    assert (moved - raw).abs().max() <= R + 1e-6
    assert moved.min() >= -1e-6 and moved.max() <= 1 + 1e-6
    assert ((moved - raw).abs() > 0.9 * R).any() and moved.dtype == dtype


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_the_loss_of_every_image_grows(attack):
    model, x = network().eval(), views(images(20))
    assert (loss_of(model)(attack(loss_of(model), x, COLOURED, seeded())) > loss_of(model)(x)).all()


def test_more_steps_and_a_larger_radius_find_greater_losses():
    model, x = network().eval(), views(images(20))
    with torch.no_grad():
        model[1].weight.mul_(4)

    def reached(attack):
        return loss_of(model)(attack(loss_of(model), x, COLOURED, seeded())).mean()

    losses = [reached(PGD(Linf(r), 20, r / 8)) for r in (0.02, 0.05, 0.1, 0.2)]
    assert all(a < b for a, b in itertools.pairwise(losses))
    assert reached(fgsm(Linf(R))) < losses[2]


@pytest.mark.parametrize("raw", [images(), 3 * images() - 1], ids=["in the range", "beyond it"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_radius_zero_changes_nothing(raw, dtype):
    model, x = network().to(dtype).eval(), views(raw).to(dtype)
    for attack in (fgsm(Linf(0.0)), PGD(Linf(0.0), 3, 0.1), PGD(Linf(0.0), 3, 0.0, Nearby())):
        assert torch.equal(attack(loss_of(model), x, COLOURED, seeded()), x)


def test_against_a_loop_over_pixels():
    """In raw units: step by the sign of the slope, clip to the ball, clip to [0, 1]."""
    model, raw = network().eval(), images(2)
    noise = R * (2 * torch.rand(raw.shape, generator=seeded(5), dtype=torch.float64) - 1)
    moved = (raw + noise).clamp(0, 1)
    for _ in range(4):
        moved.requires_grad_()
        (slope,) = torch.autograd.grad(loss_of(model)(views(moved)).sum(), moved)
        moved = moved.detach().clone()
        for place in itertools.product(*map(range, raw.shape)):
            x, centre, rise = (float(values[place]) for values in (moved, raw, slope))
            x += 0.04 * ((rise > 0) - (rise < 0))
            moved[place] = min(max(min(max(x, centre - R), centre + R), 0.0), 1.0)
    found = PGD(Linf(R), 4, 0.04)(loss_of(model), views(raw), COLOURED, seeded(5))
    torch.testing.assert_close(pixels(found), moved, rtol=0, atol=1e-6)


def test_a_loss_may_be_a_value_of_each_or_their_sum():
    model, x = network().eval(), views(images())
    each, summed = (fgsm(Linf(R))(lambda v, f=f: f(loss_of(model)(v)), x, COLOURED) for f in (torch.clone, torch.sum))
    assert torch.equal(each, summed)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
@pytest.mark.parametrize("recording", [True, False])
def test_parameters_and_inputs_are_left_alone(attack, recording):
    """With or without gradients on; what gradients there were stay, and none are added."""
    model, x = network().eval(), views(images())
    model[1].weight.grad = torch.ones_like(model[1].weight)
    state, before = {name: value.clone() for name, value in model.state_dict().items()}, x.clone()
    with torch.set_grad_enabled(recording):
        found = attack(loss_of(model), x, COLOURED, seeded())
        assert torch.is_grad_enabled() is recording
    assert not found.requires_grad and not x.requires_grad and torch.equal(x, before)
    for name, parameter in model.named_parameters():
        want = torch.ones_like(parameter) if name == "1.weight" else None
        assert parameter.grad is want or torch.equal(parameter.grad, want), name
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())


def test_nothing_flows_back_through_an_attack():
    model, x = network().eval(), views(images()).requires_grad_()
    assert not ATTACKS["pgd"](loss_of(model), x * 1, COLOURED, seeded()).requires_grad and x.grad is None


def test_draws_are_the_generators_or_the_global_ones():
    model, x = network().eval(), views(images())

    def found(generator=None):
        return PGD(Linf(R), 2, R / 4)(loss_of(model), x, COLOURED, generator)

    assert torch.equal(found(seeded(1)), found(seeded(1))) and not torch.equal(found(seeded(1)), found(seeded(2)))
    torch.manual_seed(6)
    first = found()
    assert not torch.equal(found(), first)
    torch.manual_seed(6)
    assert torch.equal(found(), first)
    state = torch.get_rng_state()
    fgsm(Linf(R))(loss_of(model), x, COLOURED)
    found(seeded())
    assert torch.equal(torch.get_rng_state(), state)


def test_starts():
    like = torch.zeros(20000, dtype=torch.float64)
    assert not still(Linf(R), like, None).any()
    assert Nearby(0.02)(Linf(R), like, seeded()).std().item() == pytest.approx(0.02, rel=0.03)
    assert torch.equal(uniform(Linf(R), like, seeded()), Linf(R).uniform(like, seeded()))


def test_without_steps_the_start_is_what_is_returned():
    raw, noise = images(), torch.randn(6, 3, 5, 5, generator=seeded(), dtype=torch.float64)
    found = PGD(Linf(R), 0, 1.0, Nearby(0.2))(lambda x: x.sum(), views(raw), COLOURED, seeded())
    want = (raw + (0.2 * noise).clamp(-R, R)).clamp(0, 1)
    torch.testing.assert_close(pixels(found), want, rtol=0, atol=1e-6)


def test_attacks_are_values():
    assert PGD(Linf(R), 7, 0.1) == PGD(Linf(R), 7, 0.1) != PGD(Linf(R), 7, 0.2)
    assert len({fgsm(Linf(R)), fgsm(Linf(R)), fgsm(Linf(0.2))}) == 2
    with pytest.raises(AttributeError):
        fgsm(Linf(R)).steps = 2


@pytest.mark.parametrize("training", [True, False])
def test_evaluating_leaves_the_mode_and_running_statistics_as_they_were(training):
    model = network().train(training)
    before = model[0][1].running_mean.clone()
    with evaluating(model):
        assert not model.training and not model[0][1].training
        model(views(images()))
    assert model.training is model[0][1].training is training
    assert torch.equal(model[0][1].running_mean, before)
    with pytest.raises(KeyError), evaluating(model):
        raise KeyError
    assert model.training is training


def test_the_worst_case_of_a_linear_loss_in_an_l2_ball():
    """Without a range every image moves along the slope by the radius."""
    raw, slope = images(), torch.randn(3, 5, 5, generator=seeded(3), dtype=torch.float64)
    found = PGD(L2(0.7), 30, 0.2)(
        lambda x: (x * COLOURED.column(STDS) * slope).sum((1, 2, 3)), views(raw), FREE, seeded()
    )
    want = (raw + 0.7 * slope / slope.norm()).expand_as(raw)
    torch.testing.assert_close(pixels(found), want, rtol=0, atol=1e-3)


def test_an_ascent_raises_the_score_of_the_logits():
    model, x, labels = network().eval(), views(images()), torch.arange(6) % 4
    logits_of = lambda at: model(at)[:, :4]  # noqa: E731
    found = Ascent(fgsm(Linf(R)))(logits_of, x, labels, COLOURED)
    want = fgsm(Linf(R))(lambda at: F.cross_entropy(logits_of(at), labels, reduction="sum"), x, COLOURED)
    assert torch.equal(found, want)
    other = Ascent(fgsm(Linf(R)), lambda logits, own: logits[:, 0])(logits_of, x, labels, COLOURED)
    assert torch.equal(other, fgsm(Linf(R))(lambda at: logits_of(at)[:, 0], x, COLOURED))


def test_a_cascade_attacks_what_has_withstood_and_keeps_what_was_found():
    model, x = network().eval(), views(images(40))
    labels = model(x).argmax(1)
    labels[:5] = (labels[:5] + 1) % 4
    seen = []

    def noting(radius):
        inner = Ascent(PGD(Linf(radius), 5, radius / 4))

        def attack(classify, part, own, inputs, generator):
            seen.append(len(part))
            return inner(classify, part, own, inputs, generator)

        return attack

    moved = Cascade([noting(0.02), noting(0.3)])(model, x, labels, COLOURED, seeded())
    after_first = Ascent(PGD(Linf(0.02), 5, 0.005))(model, x[5:], labels[5:], COLOURED, seeded())
    standing = right(model, after_first, labels[5:])
    assert seen == [35, int(standing.sum())] and 0 < seen[1] < 35
    assert torch.equal(moved[:5], x[:5])
    assert torch.equal(moved[5:][~standing], after_first[~standing])
    assert not right(model, moved, labels).sum() > standing.sum()


def test_a_reach_keeps_what_lies_outside_the_range_where_it_is():
    raw = images() * 1.5 - 0.2
    reach = Reach(Linf(R), views(raw), COLOURED)
    shift = reach.cut(torch.full_like(raw, 0.05))
    moved = pixels(reach.moved(shift))
    assert (moved[raw > 1] <= raw[raw > 1] + 1e-9).all() and (moved[raw < 0] >= raw[raw < 0] - 1e-9).all()
    assert ((moved - raw).abs() <= 0.05 + 1e-9).all()
