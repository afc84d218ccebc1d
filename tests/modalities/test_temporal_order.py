"""The data set of temporal order: what a sequence is, its class read off by loops, pinned bytes."""

import hashlib

import numpy as np
import pytest

from pipeline.modalities.images.datasets import temporal_order, temporal_order_long, temporal_order_short

MADE = {made.DATASET.key: made for made in (temporal_order, temporal_order_long, temporal_order_short)}
BYTES = {
    "temporal_order": "08519589f14403f3",
    "temporal_order_long": "b8b256b8197722c7",
    "temporal_order_short": "2187731a389666b4",
}


@pytest.mark.parametrize("key", sorted(MADE))
def test_a_sequence_has_two_letters_that_tell_its_class(key, tmp_path):
    made = MADE[key]
    length, arrays = made.LENGTH, made.arrays(tmp_path)
    assert arrays["train_images"].shape == (10_000, 1, 6, length)
    assert set(np.unique(arrays["test_images"])) == {0, 255}
    for image, label in zip(arrays["test_images"][:300], arrays["test_labels"][:300], strict=True):
        symbols = [int(column.argmax()) for column in image[0].T]
        assert all((column > 0).sum() == 1 for column in image[0].T)
        places = [place for place, symbol in enumerate(symbols) if symbol < 2]
        assert len(places) == 2
        assert length // 10 <= places[0] < 2 * (length // 10)
        assert length // 2 <= places[1] < length // 2 + length // 10
        assert made.DATASET.classes[label] == "".join("AB"[symbols[place]] for place in places)


def test_the_bytes_are_pinned(tmp_path):
    found = {
        key: hashlib.sha256(made.arrays(tmp_path)["train_images"].tobytes()).hexdigest()[:16]
        for key, made in MADE.items()
    }
    assert found == BYTES


def test_places_and_symbols_are_even():
    arrays = temporal_order.arrays(None)
    counts = np.bincount(arrays["train_labels"])
    assert counts.min() > 2300
    others = (arrays["train_images"][:, 0, 2:] > 0).sum((0, 2))
    assert others.max() / others.min() < 1.03
