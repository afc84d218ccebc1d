"""What holds of every score: frozen models, fits that repeat, batches, precision; steps of inputs by closed form."""

import dataclasses

import pytest
import torch

from pipeline.errors import UserError
from pipeline.methods.ood_score import FineTuned, ascent, search_sides, spread
from tests.kit.classifiers import trained_base
from tests.kit.methods import batch, made, members, on, step, unlabelled
from tests.kit.ood import STD, fitted, images

FAMILY = members("ood_score")
PLAIN = [cls for cls in FAMILY if not cls.trains]
FINE_TUNED = members("ood_score", FineTuned)


@pytest.mark.parametrize("cls", PLAIN)
def test_fits_are_repeatable_and_do_not_depend_on_batches(cls, model, validation):
    method, first = fitted(cls(), model, validation)
    with torch.no_grad():
        scores = method.scores(validation.known)
        assert method.fit(validation) == first
        method.batch_size = 7
        torch.testing.assert_close(method.scores(validation.known), scores)
        assert torch.equal(
            method.predictions(validation.known), model.logits(model.encoder(validation.known)).argmax(1)
        )
    assert all(isinstance(value, float) for value in first.values())


@pytest.mark.parametrize("cls", PLAIN)
def test_models_stay_frozen_and_inputs_free_of_gradients(cls, model, validation):
    method, x = fitted(cls(), model.train(), validation)[0], images(4, 12)
    with torch.no_grad():
        assert not method.scores(x).requires_grad
    assert not model.training and all(p.grad is None and not p.requires_grad for p in model.parameters())
    assert x.grad is None and not x.requires_grad


@pytest.mark.parametrize("cls", [cls for cls in PLAIN if cls.__name__ not in ("ODIN", "Mahalanobis")])
def test_float32_models_are_scored_in_float64(cls, model, validation):
    """But for scores that choose among steps of the input, whose choice may differ."""
    doubles = fitted(cls(), model, validation)[0].scores(images(9, 37))
    single = dataclasses.replace(
        validation, train_inputs=validation.train_inputs.float(), known=validation.known.float()
    )
    singles = fitted(cls(), model.float(), single)[0].scores(images(9, 37).float())
    assert singles.dtype == torch.float64
    torch.testing.assert_close(singles, doubles, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("cls", FINE_TUNED)
def test_a_classifier_that_is_trained_on_is_a_copy_and_sees_both_sides_at_once(cls):
    """One pass over known and wild images, in the shares that the method asks for."""
    base = trained_base()
    before = {name: value.clone() for name, value in base.state_dict().items()}
    method = made(cls, context=on(base))
    sizes = method.stream_sizes(12)
    assert sizes["train"] + sizes["wild"] == 12 and sizes["wild"] == round(12 * method.wild_share)
    data = batch(("full",), size=sizes["train"], wild=unlabelled(size=sizes["wild"]))
    images, seen = torch.cat([data.views[0], data["wild"].views[0]]), []
    method.model.encoder.register_forward_hook(lambda module, given, out: seen.append(given[0]))
    loss = method.backward(data)
    assert len(seen) == 1 and torch.equal(seen[0], images)
    logits = method.model.logits(method.model.encoder(images))
    known = sizes["train"]
    torch.testing.assert_close(method.objective(logits[:known], data.labels, logits[known:]), loss)
    assert all(p.grad is not None for p in method.model.parameters())
    assert not list(method.encoder.parameters())
    step(method, data)
    assert not torch.equal(method.model.head.weight, base.head.weight)
    assert all(torch.equal(value, before[name]) for name, value in base.state_dict().items())


@pytest.mark.parametrize("cls", FINE_TUNED)
def test_it_scores_by_its_own_classifier_not_by_the_base(cls):
    base = trained_base()
    method = made(cls, context=on(base))
    with torch.no_grad():
        method.model.head.weight.mul_(2)
    method.attach(base)
    x = batch(("plain",)).views[0]
    want = method.model.logits(method.model.encoder(x)).double().logsumexp(1)
    torch.testing.assert_close(method.scores(x), want)
    assert method.model is not base and not method.model.training


def test_a_flat_confidence_moves_nothing():
    moved = ascent(images(2, 13), lambda x: x[:, 0].sum((1, 2)), STD)
    assert (moved[:, 0] == 4).all() and (moved[:, 1] == 0).all()


def test_spread_takes_from_every_kind():
    kinds = torch.arange(4).repeat_interleave(25)
    assert spread(kinds, 8).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert spread(kinds, 500) is kinds


@pytest.mark.parametrize("field, key", [("known", "validation_examples"), ("unknown", "validation_outliers")])
def test_a_search_without_validation_data_says_what_to_set(field, key, validation):
    lacking = dataclasses.replace(validation, **{field: getattr(validation, field)[:0]})
    with pytest.raises(UserError, match=key):
        search_sides(lacking, 10)
    assert [len(side) for side in search_sides(validation, 10)] == [10, 10]
