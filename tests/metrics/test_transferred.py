"""Images taken for their targets, counted by hand."""

import torch

from pipeline.metrics import approach, taken_before, transferred


def test_values_by_hand() -> None:
    seen, wanted = torch.tensor([1, 2, 0]), torch.tensor([1, 0, 0])
    assert transferred.compute(seen, wanted).tolist() == [100.0, 0.0, 100.0]
    assert taken_before.compute(seen, wanted).tolist() == [100.0, 0.0, 100.0]
    assert approach.compute(torch.tensor([0.5, -0.1])).tolist() == torch.tensor([0.5, -0.1]).tolist()
