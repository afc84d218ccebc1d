"""Accuracy, likelihood and calibration of class scores."""

import re

import torch
from torch import Tensor

from pipeline.errors import UserError
from pipeline.metrics.detection import auroc


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


def top1_by_frequency(
    top1: Tensor, labels: Tensor, counts: tuple[int, ...]
) -> tuple[dict[str, float], dict[str, Tensor]]:
    """`many_top1`, `medium_top1` and `few_top1`: the mean of top1 (N,) over the test examples of the frequent, middling
    and rare thirds of the classes; and those examples' values.

    counts: training examples of each class. Where thirds do not come out even the middle one is larger (3, 4, 3 of
    ten). The usual bounds of 100 and 20 training images suit data sets of hundreds of images a class only.
    """
    order = torch.tensor(counts).argsort(descending=True, stable=True)
    third = len(counts) // 3
    thirds = {"many": order[:third], "medium": order[third : len(order) - third], "few": order[len(order) - third :]}
    examples = {}
    for name, classes in thirds.items():
        chosen = torch.isin(labels, classes.to(labels))
        if chosen.any():
            examples[f"{name}_top1"] = top1[chosen]
    return {name: float(values.mean()) for name, values in examples.items()}, examples


def margins(logits: Tensor, labels: Tensor) -> Tensor:
    """(N,) z_y - max_{k != y} z_k: above zero where the label is predicted."""
    true = labels[:, None]
    others = logits.scatter(1, true, float("-inf"))
    return logits.gather(1, true).squeeze(1) - others.amax(1)


def noise_metrics(agrees: Tensor, wrong: Tensor, scores: Tensor, suspects: Tensor | None) -> dict[str, float]:
    """What became of wrong training labels, in percent.

    agrees (N,) bool, whether the model predicts the label given; wrong (N,) bool; scores (N,), higher for labels that
    look right; suspects (N,) bool or None. `memorised`, the share of wrong labels that the model predicts;
    `noise_auroc`, how well the scores rank right above wrong labels; of suspects `noise_precision`, the share of them
    that is wrong, `noise_recall`, the share of wrong labels among them, and `suspected`, their share of all.
    Without wrong labels there is nothing to measure but `suspected`.
    """
    found = {}
    if wrong.any() and not wrong.all():
        found["memorised"] = 100.0 * float(agrees[wrong].double().mean())
        found["noise_auroc"] = auroc(scores[~wrong].double(), scores[wrong].double())
    if suspects is not None:
        hits = float((suspects & wrong).sum())
        found["suspected"] = 100.0 * float(suspects.double().mean())
        if wrong.any():
            found["noise_recall"] = 100.0 * hits / float(wrong.sum())
            found["noise_precision"] = 100.0 * hits / max(float(suspects.sum()), 1.0)
    return found


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
