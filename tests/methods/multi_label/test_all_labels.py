"""With every label known the best scores are the classes' frequencies; of complete labels it is `assume_negative`."""

import torch

from pipeline.methods.multi_label.all_labels import AllLabels
from pipeline.methods.multi_label.assume_negative import AssumeNegative
from tests.kit.losses import gradient

PRESENT = torch.tensor([[1.0, 1, 0], [1, 0, 0], [1, 1, 1], [0, 1, 0]], dtype=torch.float64)


def test_the_best_scores_are_the_frequencies():
    best = torch.logit(PRESENT.mean(0)).expand(4, 3)
    slope = gradient(lambda z: AllLabels().objective(z, PRESENT), best).sum(0)
    torch.testing.assert_close(slope, torch.zeros(3, dtype=torch.float64))


def test_of_complete_labels_it_is_assume_negative_and_of_one_each_less():
    """Labels that are seen and were assumed absent move the score of a class by its probability and no further."""
    scores = torch.zeros(4, 3, dtype=torch.float64)
    complete, partial = AllLabels(), AssumeNegative()
    torch.testing.assert_close(complete.objective(scores, PRESENT), partial.objective(scores, PRESENT))
    seen = torch.eye(3, dtype=torch.float64)[[0, 0, 2, 1]]
    pull = gradient(lambda z: partial.objective(z, seen), scores)
    full = gradient(lambda z: complete.objective(z, PRESENT), scores)
    torch.testing.assert_close(pull - full, (PRESENT - seen) / 12)
