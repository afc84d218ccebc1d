"""What holds of every classifier: alike in all classes, the loss of the first view, gradients by finite differences."""

import pytest
import torch

from pipeline.methods.classifier import Classifier
from tests.kit.classifiers import K, check_kept_state, check_loss, check_order, member
from tests.kit.methods import CONTEXT, batch, begun, members, step

FAMILY = members("classifier")
ON_LOGITS = [cls for cls in FAMILY if cls.objective is not Classifier.objective]
IN_STEPS = [cls for cls in FAMILY if cls.trains and any(cls.phases)]


def started(cls, **settings):
    return begun(member(cls, **settings), epoch=1)


@pytest.mark.parametrize("cls", ON_LOGITS)
def test_a_new_order_of_classes_changes_nothing(cls, logits, labels):
    method = cls(negatives=K)
    check_order(method.objective, method.objective, logits, labels)


@pytest.mark.parametrize("cls", ON_LOGITS)
def test_gradients(cls, logits, labels):
    method = cls(negatives=K)
    assert torch.autograd.gradcheck(lambda z: method.objective(z, labels), logits.requires_grad_())


@pytest.mark.parametrize("cls", [cls for cls in ON_LOGITS if cls.loss is Classifier.loss])
def test_the_loss_is_the_objective_of_the_first_view(cls):
    method, data = started(cls), batch()
    check_loss(method, data)


@pytest.mark.parametrize("cls", IN_STEPS)
def test_the_loss_reaches_every_weight(cls):
    method, data = started(cls), batch(("full",))
    frozen = [name for name, p in method.named_parameters() if not p.requires_grad]
    assert all(name.startswith(method.training_only) for name in frozen)
    method.train()
    method.backward(data)
    for name, p in method.named_parameters():
        reached = p.grad is not None and p.grad.isfinite().all() and p.grad.any()
        # what batch normalisation subtracts again cannot move
        assert name == "encoder.convolution.bias" or reached is not (name in frozen), name


@pytest.mark.parametrize("cls", FAMILY)
def test_evaluation_needs_what_is_kept_and_draws_nothing(cls):
    method, data = started(cls), batch(("full",))
    for _ in range(2 * (cls in IN_STEPS)):
        step(method, data)
    check_kept_state(method, member(cls, seed=9), data.views[0])
    assert method.logits(method.encoder(data.views[0])).shape == (len(data.labels), CONTEXT.num_classes)


@pytest.mark.parametrize("cls", FAMILY)
def test_what_is_said_of_labels_is_one_number_for_each_example(cls):
    method = started(cls)
    for said in (method.label_scores(), method.suspects()):
        assert said is None or said.shape == (CONTEXT.train_examples,)
