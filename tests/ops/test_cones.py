"""Turning into cones: exact angles and lengths, and nearest of all that lies inside."""

import math

import pytest
import torch

from pipeline.ops.cones import into_cone, opening


def draws(count: int = 200, size: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    axis = torch.randn(count, size, generator=draw, dtype=torch.float64)
    return torch.randn(count, size, generator=draw, dtype=torch.float64), axis / axis.norm(dim=1, keepdim=True)


@pytest.mark.parametrize("angle", [0.0, 0.4, 1.5, 2.5, math.pi])
def test_lengths_stay_and_what_is_outside_comes_to_the_edge(angle: float) -> None:
    shift, axis = draws()
    turned = into_cone(shift, axis, torch.full((200,), angle, dtype=torch.float64))
    torch.testing.assert_close(turned.norm(dim=1), shift.norm(dim=1))
    before, after = opening(shift, axis), opening(turned, axis)
    torch.testing.assert_close(after, before.clamp(max=angle), atol=1e-7, rtol=0)
    assert torch.equal(turned[before < angle], shift[before < angle])


def test_angles_by_loops() -> None:
    shift, axis = draws(20)
    for found, d, u in zip(opening(shift, axis).tolist(), shift, axis, strict=True):
        dot = sum(float(x * y) for x, y in zip(d, u, strict=True))
        assert found == pytest.approx(math.acos(dot / math.sqrt(sum(float(x) ** 2 for x in d))))


def test_nothing_in_the_cone_of_that_length_is_nearer() -> None:
    shift, axis = draws(1)
    turned = into_cone(shift, axis, torch.tensor([0.3], dtype=torch.float64))
    others = torch.randn(100_000, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    others = others / others.norm(dim=1, keepdim=True) * shift.norm() + 4 * shift.norm() * axis
    others = others / others.norm(dim=1, keepdim=True) * shift.norm()
    inside = others[opening(others, axis.expand_as(others)) <= 0.3]
    assert len(inside) > 1000 and ((inside - shift).norm(dim=1) >= (turned - shift).norm() - 1e-9).all()
