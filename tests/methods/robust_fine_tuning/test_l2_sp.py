"""A pull towards the base: its value and slope, and no pull where alpha is 0."""

import pytest
import torch

from pipeline.methods.robust_fine_tuning.fine_tuned import FineTuned
from pipeline.methods.robust_fine_tuning.l2_sp import L2SP
from tests.kit.classifiers import trained_base
from tests.kit.fine_tuning import flat_weights, stepped, tuned
from tests.kit.methods import batch


def test_its_loss_has_the_squared_distance_from_the_base():
    method, data = stepped(tuned(L2SP, alpha=0.7)), batch(("full",))
    base = trained_base()
    far = 0.0
    for part in ("encoder", "head"):
        pairs = zip(getattr(method, part).parameters(), getattr(base, part).parameters(), strict=True)
        for now, before in pairs:
            far += sum((a - b) ** 2 for a, b in zip(now.flatten().tolist(), before.flatten().tolist(), strict=True))
    plain = method.objective(method.logits(method.encoder(data.views[0])), data.labels)
    assert method.loss(data).item() == pytest.approx(plain.item() + 0.35 * far, rel=1e-5)
    assert far > 0


def test_without_alpha_it_is_fine_tuning_and_with_more_it_stays_nearer():
    start = flat_weights(tuned(FineTuned))
    assert torch.equal(flat_weights(stepped(tuned(L2SP, alpha=0.0))), flat_weights(stepped(tuned(FineTuned))))
    far = [(flat_weights(stepped(tuned(L2SP, alpha=alpha))) - start).norm() for alpha in (0.0, 1.0, 3.0)]
    assert far[0] > far[1] > far[2]
