"""Images of several classes, of which training sees one label each: grids of four items of a single-label data set."""

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.drivers import Evaluation, Job, class_counts
from pipeline.drivers.loop import fit
from pipeline.drivers.reading import answers, finite
from pipeline.methods.multi_label import MultiLabel
from pipeline.metrics.multi_label import multi_label_metrics

train = fit


def prepare(job: Job) -> None:
    """Put 2x2 grids in place of the job's images, and the classes that are in them in place of their labels.

    There are as many grids as images, and each image is once in every corner. Labels are float (N, K) zeros and ones.
    Of a training grid's classes one is seen, drawn from those present alike (Cole et al. 2021), unless the method is
    one with `all_positives`; validation and test labels are complete.
    """
    data = job.data
    assert isinstance(job.method, MultiLabel)

    def made(part: str, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        return grids(images, labels, len(data.class_names), job.generator("grids", part))

    data.train_images, data.true_labels = made("train", data.train_images, data.true_labels)
    data.valid_images, data.valid_labels = made("validation", data.valid_images, data.valid_labels)
    data.test_images, data.test_labels = made("test", data.test_images, data.test_labels)
    data.train_labels = data.true_labels
    if not job.method.all_positives:
        data.train_labels = one_of(data.true_labels, job.generator("seen labels"))
    data.labelled_images, data.labelled_labels = data.train_images, data.train_labels


def grids(images: Tensor, labels: Tensor, classes: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """(N, C, 2H, 2W) grids of images (N, C, H, W), and the classes present (N, K) of labels (N,)."""
    corners = [torch.randperm(len(images), generator=generator).to(images.device) for _ in range(4)]
    top, bottom = (torch.cat([images[left], images[right]], 3) for left, right in (corners[:2], corners[2:]))
    present = torch.zeros(len(images), classes, device=labels.device)
    return torch.cat([top, bottom], 2), present.scatter_(1, labels[torch.stack(corners, 1)], 1.0)


def one_of(present: Tensor, generator: torch.Generator) -> Tensor:
    """Labels (N, K) with a single one of those present (N, K), each with the same probability."""
    draws = torch.rand(present.shape, generator=generator).to(present.device)
    return F.one_hot((present * (1 + draws)).argmax(1), present.shape[1]).to(present.dtype)


@torch.no_grad()
def evaluate(job: Job) -> Evaluation:
    """Mean average precision of the test grids, and how well the classes of each are ranked and decided."""
    data, method = job.data, job.method
    assert isinstance(method, MultiLabel)
    logits = finite(answers(job, data.test_images, method.logits), "logits on the test split")
    metrics, examples = multi_label_metrics(logits, data.test_labels)
    arrays = {"labels": data.test_labels, "logits": logits, **{f"example_{key}": v for key, v in examples.items()}}
    return Evaluation(metrics, arrays, data={"class_counts": list(class_counts(data))})
