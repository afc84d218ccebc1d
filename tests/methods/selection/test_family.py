"""What holds of every selection: how many, from the start, steps alike, resumed, and targets left alone."""

import pytest
import torch

from pipeline.methods.selection import Selection
from pipeline.methods.selection.random_subset import RandomSubset
from tests.kit.methods import CONTEXT, Training, batch, made, members, step
from tests.kit.selection import TARGETED, TARGETS, selecting

FAMILY = members("selection", Selection)


@pytest.mark.parametrize("cls", FAMILY)
@pytest.mark.parametrize("share", [0.01, 0.25, 0.5, 1.0])
def test_so_many_are_kept(cls, share):
    method, training = selecting(cls, share=share)
    assert int(method.chosen.sum()) == max(1, round(share * len(training.inputs))) == method.count


@pytest.mark.parametrize("cls", FAMILY)
def test_training_begins_again_with_the_weights_that_all_members_share(cls):
    method, training = made(cls), Training()
    first = {name: value.clone() for name, value in method.state_dict().items() if not name.startswith("initial")}
    plain = made(RandomSubset)
    assert all(torch.equal(value, first[name]) for name, value in plain.state_dict().items() if name in first)
    for _ in range(3):
        step(method, batch(("full",)))
    moved = not torch.equal(method.head.weight, first["head.weight"])
    assert moved is cls.proxy
    with torch.no_grad():
        method.start_phase(1, training)
    for name, value in first.items():
        assert name == "chosen" or torch.equal(value, method.state_dict()[name]), name


@pytest.mark.parametrize("cls", FAMILY)
def test_an_epoch_has_its_batches_however_few_are_kept(cls):
    method, training = selecting(cls, share=0.1)
    order = method.arrange(torch.randperm(len(training.inputs)))
    assert len(order) >= len(training.inputs)
    kept = method.chosen.nonzero().squeeze(1)
    rounds = order[: len(order) // len(kept) * len(kept)].view(-1, len(kept))
    assert all(torch.equal(each.sort().values, kept) for each in rounds)


@pytest.mark.parametrize("cls", FAMILY)
def test_the_proxy_is_trained_on_all_and_only_where_there_is_one(cls):
    method = made(cls)
    assert method.arrange(torch.arange(CONTEXT.train_examples)).sort().values.tolist() == list(range(48))
    before = {name: value.clone() for name, value in method.state_dict().items()}
    step(method, batch(("full",)))
    same = all(torch.equal(value, before[name]) for name, value in method.state_dict().items())
    assert same is not cls.proxy
    method.phase = 1
    step(method, batch(("full",)))
    assert not torch.equal(method.head.weight, before["head.weight"])


@pytest.mark.parametrize("cls", FAMILY)
def test_what_is_kept_of_the_initial_weights_is_not_trained(cls):
    method, _ = selecting(cls)
    before = [value.clone() for value in method.initial.state_dict().values()]
    for _ in range(2):
        step(method, batch(("full",)))
    assert all(torch.equal(a, b) for a, b in zip(before, method.initial.state_dict().values(), strict=True))
    assert not any(parameter.requires_grad for parameter in method.initial.parameters())


@pytest.mark.parametrize("cls", FAMILY)
def test_examples_of_the_target_are_no_candidates(cls):
    method, training = made(cls, context=TARGETED, share=1.0), Training()
    assert method.arrange(torch.arange(48)).max() < 48 - TARGETS
    with torch.no_grad():
        method.start_phase(1, training)
    assert method.chosen.tolist() == [True] * (48 - TARGETS) + [False] * TARGETS


@pytest.mark.parametrize("cls", FAMILY)
def test_the_order_of_the_other_classes_names_plays_no_part(cls):
    """A selection depends on what the network says of the labels, not on their numbers: all alike here, but renamed."""
    method, training = selecting(cls, share=0.25)
    renamed = made(cls, share=0.25)
    with torch.no_grad():
        renamed.initial[1].weight.copy_(method.initial[1].weight.roll(1, 0))
        renamed.initial[1].bias.copy_(method.initial[1].bias.roll(1, 0))
        renamed.head.load_state_dict(renamed.initial[1].state_dict())
        torch.manual_seed(0)
        renamed.start_phase(1, Training(training.inputs, (training.labels + 1) % 3))
    assert torch.equal(renamed.chosen, method.chosen)


@pytest.mark.parametrize("cls", FAMILY)
def test_the_phases_share_the_epochs(cls):
    assert cls(proxy_share=0.3).phases == (0.3, 0.7)
