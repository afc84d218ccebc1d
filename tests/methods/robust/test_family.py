"""What holds of every robust loss and method: alike in all classes, finite at extremes, who learns, what is kept."""

import pytest
import torch

from pipeline.methods.classifier import Classifier
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.robust import ActivePassive, RobustLoss
from tests.kit.classifiers import K, check_kept_state, check_loss, check_order, check_reach, kept, member
from tests.kit.losses import mean_over, softmax
from tests.kit.methods import CONTEXT, batch, begun, members, step

FAMILY = members("robust")
LOSSES = [cls for cls in FAMILY if cls.objective is not Classifier.objective]


class Squared(RobustLoss):
    def losses(self, log_p, given):
        return (1 - given.exp()) ** 2


class Active(ActivePassive):
    def passive(self, missing):
        return 3 * missing


def test_a_robust_loss_is_the_mean_of_one_of_probabilities(logits, labels):
    want = mean_over(lambda z, y: (1 - softmax(z)[y]) ** 2, logits, labels)
    assert Squared().objective(logits, labels).item() == pytest.approx(want)


def test_the_active_part_sums_to_one_over_all_labels(logits):
    """With the passive part off, and with it 3 (K - 1) more."""
    for beta, want in ((0.0, 2.0), (1.0, 2.0 + 3 * (K - 1))):
        sums = sum(Active(alpha=2.0, beta=beta).objective(logits, torch.full((len(logits),), k)) for k in range(K))
        assert sums.item() == pytest.approx(want)


@pytest.mark.parametrize("cls", LOSSES)
def test_extreme_logits_have_finite_losses_and_gradients(cls):
    for z in (torch.zeros(2, K), 500 * torch.eye(K)[:2], -500 * torch.eye(K)[:2]):
        z.requires_grad_()
        loss = cls().objective(z, torch.tensor([0, 3]))
        (slope,) = torch.autograd.grad(loss, z)
        assert loss.isfinite() and slope.isfinite().all()


@pytest.mark.parametrize("cls", LOSSES)
def test_a_new_order_of_classes_changes_nothing(cls, logits, labels):
    check_order(cls().objective, cls().objective, logits, labels)


@pytest.mark.parametrize("cls", LOSSES)
def test_gradients(cls, logits, labels):
    assert torch.autograd.gradcheck(lambda z: cls().objective(z, labels), logits.requires_grad_())


@pytest.mark.parametrize("cls", LOSSES)
def test_the_loss_is_the_objective_of_the_first_view_and_reaches_encoder_and_head(cls):
    method, data = member(cls), batch()
    check_loss(method, data)
    check_reach(method, data)


@pytest.mark.parametrize("cls", FAMILY)
def test_evaluation_needs_a_plain_classifier_and_what_is_said_of_labels(cls):
    method, data = begun(member(cls)), batch(("full",))
    for _ in range(2):
        step(method, data)
    fresh = member(cls, seed=9)
    check_kept_state(method, fresh, data.views[0])
    for said, again in ((method.label_scores(), fresh.label_scores()), (method.suspects(), fresh.suspects())):
        assert said is None or (torch.equal(said, again) and said.shape == (CONTEXT.train_examples,))
    assert set(member(CrossEntropy).state_dict()) <= set(kept(method))
