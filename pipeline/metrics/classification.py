"""Accuracy, likelihood and calibration of class scores."""

import re

import torch
from torch import Tensor

from pipeline.errors import UserError


def classification_metrics(
    logits: Tensor, labels: Tensor, class_names: list[str] | None = None
) -> tuple[dict[str, float], dict[str, Tensor]]:
    """Metrics of logits (N, K) against labels (N,) int64, and values per example.

    Metrics, in percent unless said otherwise: `top1`; `nll` in nats; `ece` (see `calibration_error`); `brier`, the
    squared distance between probabilities and one-hot label summed over classes (0 to 200); `error_confidence`, the
    mean greatest probability of misclassified examples (0 where there are none); `top1_class_<name>` for
    each class that occurs in `labels`, and `worst_class_top1`, the least of them. A class's name is its number, or
    its entry in `class_names` in lower case with other than letters and digits made `_`.
    Examples (N,): `top1` (0 or 100) and `nll`, whose means are the metrics; `predictions` int64; `confidence`, the
    greatest probability. Computed in float64. Raises UserError where there are no examples.
    """
    if not len(labels):
        raise UserError("test examples: 0 given, at least 1 needed; check test_examples and held_out_classes")
    log_p = logits.double().log_softmax(1)
    p = log_p.exp()
    confidence, predictions = p.max(1)
    wrong = predictions != labels
    top1 = 100.0 * (~wrong).double()
    nll = -log_p.gather(1, labels[:, None]).squeeze(1)
    one_hot = torch.nn.functional.one_hot(labels, logits.shape[1])
    names = [re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") for name in class_names or []]
    by_class = {
        f"top1_class_{names[c] if names else c}": float(top1[labels == c].mean()) for c in labels.unique().tolist()
    }
    metrics = {
        "top1": float(top1.mean()),
        "nll": float(nll.mean()),
        "ece": calibration_error(confidence, ~wrong),
        "brier": 100.0 * float(((p - one_hot) ** 2).sum(1).mean()),
        "error_confidence": 100.0 * float(confidence[wrong].sum() / wrong.sum().clamp_min(1)),
        "worst_class_top1": min(by_class.values()),
    }
    examples = {"top1": top1, "nll": nll, "predictions": predictions, "confidence": confidence}
    return metrics | by_class, examples


def calibration_error(confidence: Tensor, correct: Tensor, bins: int = 15) -> float:
    """Expected calibration error in percent: sum_b n_b / N |accuracy_b - mean confidence_b|.

    confidence (N,) in [0, 1], correct (N,) bool. Equal-width bins ((b - 1) / bins, b / bins], as Guo et al. 2017,
    equation 3; a confidence of exactly 0 joins the first.
    """
    place = (confidence.double() * bins).ceil().long().sub(1).clamp(0, bins - 1)
    gap = correct.double() - confidence.double()
    return (
        100.0
        * float(torch.zeros(bins, dtype=gap.dtype, device=gap.device).index_add(0, place, gap).abs().sum())
        / len(gap)
    )
