"""What holds of every method of a family, checked on one of them."""

import itertools
import math

import torch

from tests.kit.methods import SIDE, batch, phase_by_phase


def represented(method, images):
    """Name -> (B, F) of every representation that is evaluated."""
    features = method.features(images)
    return {"": features, **method.further_features(images, features)}


def check_that_evaluation_reads_what_is_kept(method):
    """Features are the same without the state that `training_only` names, and need all of the rest."""
    images = torch.randn(3, 1, 2 * SIDE, 2 * SIDE)
    method.eval()
    kept = [name for name in method.state_dict() if not name.startswith(method.training_only)]
    before = represented(method, images)
    with torch.no_grad():
        for name, value in method.state_dict().items():
            if name not in kept:
                value.fill_(math.nan if value.is_floating_point() else 0)
    after = represented(method, images)
    assert all(torch.equal(after[name], value) and len(value) == 3 for name, value in before.items())
    if used := [p for name, p in method.named_parameters() if name in kept and p.requires_grad]:
        sum(value.sum() for value in after.values()).backward()
        assert all(p.grad is not None for p in used)
    for prefix in method.training_only:
        assert any(name.startswith(prefix) for name in method.state_dict()), f"nothing is called {prefix}"


def check_that_hard_batches_are_no_trouble(method, size=2):
    """In each phase few images and images without difference leave loss and gradient finite, in bfloat16 too."""
    for begun in phase_by_phase(method):
        flat = batch(begun.views)
        flat.views = [torch.ones_like(view) for view in flat.views]
        for data, half in itertools.product((batch(begun.views, size=size), flat), (False, True)):
            begun.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
                loss = begun.loss(data)
            loss.backward()
            assert loss.isfinite()
            assert all(p.grad is None or p.grad.isfinite().all() for p in begun.parameters())
            with torch.no_grad():
                begun.after_step()


def check_the_reach_of_the_gradient(method, learning):
    """In the last phase every weight under the prefixes `learning` has a gradient, and no other parameter any."""
    *_, begun = phase_by_phase(method)
    begun.progress = 0.5
    begun.zero_grad()
    begun.loss(batch(begun.views)).backward()
    for name, parameter in begun.named_parameters():
        if not name.startswith(learning):
            assert parameter.grad is None, name
        elif parameter.ndim > 1:
            assert float(parameter.grad.abs().sum()) > 0, name
    assert not any(value.requires_grad for value in begun.buffers())
