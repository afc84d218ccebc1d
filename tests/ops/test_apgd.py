"""Auto-PGD against a loop over images, its limit, its losses and its schedule."""

import math

import pytest
import torch

from pipeline.ops import apgd
from pipeline.ops.apgd import APGD, Targeted, checkpoints, dlr, dlr_towards, likely
from pipeline.ops.attacks import PGD, Ascent, cross_entropy
from pipeline.ops.balls import BALLS, Linf
from tests.kit.attacks import INPUTS, STD, K, R, Watched, left, pixels, seeded, setup, views_of


def slow(net, view, label, start, norm, radius, steps, score):
    """Algorithm 1 of one image, in pixels."""
    raw = pixels(view)

    def at(point):
        with torch.enable_grad():
            x = point.clone().requires_grad_()
            z = net(views_of(x)[None])
            value = score(z, label[None])[0]
            (slope,) = torch.autograd.grad(value, x)
        return value.item(), slope, bool(z.argmax() != label)

    def project(point):
        shift = point - raw
        if norm == "linf":
            shift = shift.clamp(-radius, radius)
        elif shift.norm() > radius:
            shift = shift * radius / shift.norm()
        return (raw + shift).clamp(0, 1)

    def direction(slope):
        return slope.sign() if norm == "linf" else slope / slope.norm()

    marks, share, before_share = [], 0.22, 0.0
    while share <= 1 + 1e-9:
        marks.append(math.ceil(round(share * steps, 9)))
        share, before_share = share + max(share - before_share - 0.03, 0.06), share
    x = old = best = project(raw + start)
    value, slope, wrong = at(x)
    f_best, slope_best, found = value, slope, x if wrong else None
    size, rises, last_mark, reduced, f_mark = 2 * radius, 0, 0, True, value
    for k in range(1, steps + 1):
        a = 1.0 if k == 1 else 0.75
        ahead = project(x + size * direction(slope))
        new = project(x + a * (ahead - x) + (1 - a) * (x - old))
        old, x, previous = x, new, value
        value, slope, wrong = at(x)
        rises += value > previous
        found = x if wrong else found
        if value > f_best:
            f_best, best, slope_best = value, x, slope
        if k in marks:
            reduced = rises <= 0.75 * (k - last_mark) or (not reduced and f_best <= f_mark)
            if reduced:
                size, x, slope = size / 2, best, slope_best
            rises, last_mark, f_mark = 0, k, f_best
    return best if found is None else found


@pytest.mark.parametrize("score", [cross_entropy, dlr])
@pytest.mark.parametrize("norm, radius", [("linf", 0.03), ("linf", R), ("l2", 0.4)])
def test_against_a_loop(norm, radius, score):
    net, views, labels = setup(2)
    found = APGD(BALLS[norm](radius), 30, score)(net, views, labels, INPUTS, seeded())
    starts = BALLS[norm](radius).uniform(views, seeded())
    for n in range(len(views)):
        want = slow(net, views[n], labels[n], starts[n], norm, radius, 30, score)
        torch.testing.assert_close(pixels(found[n]), want, rtol=0, atol=1e-6)


def test_without_momentum_and_halving_it_is_gradient_ascent(monkeypatch):
    monkeypatch.setattr(apgd, "MOMENTUM", 1.0)
    monkeypatch.setattr(apgd, "checkpoints", lambda steps: ())
    net, views, labels = setup()
    mine, plain = Watched(net), Watched(net)
    APGD(Linf(R), 6)(mine, views, labels, INPUTS, seeded())
    last = Ascent(PGD(Linf(R), 6, 2 * R))(plain, views, labels, INPUTS, seeded())
    torch.testing.assert_close(torch.stack(mine.shown), torch.stack([*plain.shown, last]), rtol=0, atol=1e-12)


def test_the_first_step_has_no_momentum_and_goes_twice_the_radius():
    net, views, labels = setup()
    shown = Watched(net)
    APGD(Linf(R), 1)(shown, views, labels, INPUTS, seeded())
    start, first = shown.shown
    shift = (first - views) * STD
    inside = (pixels(first) > 1e-9) & (pixels(first) < 1 - 1e-9)
    assert (shift.abs()[inside] > R - 1e-6).all() and not torch.equal(start, first)


def test_checkpoints_are_the_papers():
    for steps in (5, 20, 50, 100, 200):
        shares = [0.0, 0.22]
        while shares[-1] < 1:
            shares.append(shares[-1] + max(shares[-1] - shares[-2] - 0.03, 0.06))
        want = [math.ceil(round(share * steps, 9)) for share in shares[1:] if share <= 1 + 1e-9]
        assert list(checkpoints(steps)) == want
    assert list(checkpoints(100)) == [22, 41, 57, 70, 80, 87, 93, 99]


def test_the_ratio_against_a_loop_and_whatever_the_scale():
    z = torch.randn(20, K, generator=seeded(), dtype=torch.float64)
    y, t = torch.arange(20) % K, (torch.arange(20) + 1) % K
    away, towards = dlr(z, y), dlr_towards(t)(z, y)
    for n, row in enumerate(z.tolist()):
        ordered, true = sorted(row, reverse=True), row[y[n]]
        other = max(v for k, v in enumerate(row) if k != y[n])
        assert away[n].item() == pytest.approx(-(true - other) / (ordered[0] - ordered[2]))
        middle = (ordered[2] + ordered[3]) / 2
        assert towards[n].item() == pytest.approx(-(true - row[t[n]]) / (ordered[0] - middle))
    for score in (dlr, dlr_towards(t)):
        torch.testing.assert_close(score(300 * z + 7, y), score(z, y))


def test_a_point_once_found_is_kept():
    net, views, labels = setup()
    shown = Watched(net)
    strong = APGD(Linf(0.3), 20)(shown, views, labels, INPUTS, seeded())
    ever = torch.stack([net(v).argmax(1) != labels for v in shown.shown]).any(0)
    assert torch.equal(ever, net(strong).argmax(1) != labels) and ever.any()


def test_targets_are_the_likeliest_wrong_classes_in_turn_on_what_still_stands():
    net, views, labels = setup()
    z = net(views).scatter(1, labels[:, None], -1e9)
    assert torch.equal(likely(net, views, labels, 2), z.argsort(1, descending=True)[:, :2])
    assert likely(net, views, labels, 99).shape[1] == K - 1
    wrong = labels.clone()
    wrong[:3] = (labels[:3] + 1) % K
    found = Targeted(Linf(R), 5, 3)(net, views, wrong, INPUTS, seeded())
    assert torch.equal(found[:3], views[:3])  # is wrong already
    few, many = (Targeted(Linf(0.05), 5, count)(net, views, labels, INPUTS, seeded()) for count in (1, 4))
    assert left(net, many, labels) <= left(net, few, labels)
