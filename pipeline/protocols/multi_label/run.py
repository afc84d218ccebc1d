"""Images of several classes, of which training sees one label each: grids of four items of a single-label data set."""

from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.methods.multi_label import MultiLabel
from pipeline.training import evidence
from pipeline.training.evidence import answers
from pipeline.training.job import Job
from pipeline.training.loop import whole

phases = whole


def prepare(job: Job) -> Job:
    """Put 2x2 grids in place of the job's images, and the classes that are in them in place of their labels.

    There are as many grids as images, and each image is once in every corner. Labels are float (N, K) zeros and ones.
    Of a training grid's classes one is seen, drawn from those present alike (Cole et al. 2021), unless the method is
    one with `all_positives`; validation and test labels are complete.
    """
    data = job.data
    assert isinstance(job.method, MultiLabel)

    def made(part: str, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        return grids(images, labels, len(data.class_names), job.draws.generator("grids", part))

    images, present = made("train", data.train_inputs, data.true_labels)
    valid, test = (
        made("validation", data.valid_inputs, data.valid_labels),
        made("test", data.test_inputs, data.test_labels),
    )
    seen = present if job.method.all_positives else one_of(present, job.draws.generator("seen labels"))
    return job.with_data(
        train_inputs=images,
        train_labels=seen,
        true_labels=present,
        valid_inputs=valid[0],
        valid_labels=valid[1],
        test_inputs=test[0],
        test_labels=test[1],
        labelled_inputs=images,
        labelled_labels=seen,
    )


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


class Evidence(evidence.Evidence):
    @cached_property
    def logits(self) -> Tensor:
        """(N, K) of the test split."""
        method = self.job.method
        assert isinstance(method, MultiLabel)
        return answers(self.job, self.job.data.test_inputs, method.logits, "logits on the test split")

    @property
    def positives(self) -> Tensor:
        """(N, K) zeros and ones: the classes of each test input."""
        return self.labels

    def facts(self) -> dict[str, Any]:
        return {"class_counts": list(self.job.data.class_counts)}

    def arrays(self) -> dict[str, Tensor]:
        return {**super().arrays(), "logits": self.logits}
