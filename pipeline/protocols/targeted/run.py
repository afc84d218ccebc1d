"""The training set is candidates of all domains and, last, the target's examples, which are stream "target" too."""

from functools import cached_property

import torch
from torch import Tensor

from pipeline.protocols.subset_selection import run as selection
from pipeline.training.job import Job
from pipeline.training.loop import Phase, split

watch = selection.watch


def prepare(job: Job) -> Job:
    """Labels become classes, test and validation examples those of the target's domains."""
    data, target = job.data, job.settings["target"]
    classes = len(data.class_names) // job.settings["domains"]
    tested = torch.tensor(target["domains"], device=data.train_labels.device)

    def of_target(labels: Tensor) -> Tensor:
        return torch.isin(labels // classes, tested)

    places = of_target(data.train_labels).nonzero().squeeze(1).cpu()
    drawn = places[torch.randperm(len(places), generator=job.draws.generator("target"))[: target["examples"]]]
    others = torch.ones(len(data.train_labels), dtype=torch.bool)
    others[drawn] = False
    order = torch.cat([others.nonzero().squeeze(1), drawn]).to(data.train_labels.device)
    inputs, labels = data.train_inputs[order], data.train_labels[order]
    valid, test = of_target(data.valid_labels), of_target(data.test_labels)
    return job.with_data(
        train_inputs=inputs,
        train_labels=labels % classes,
        true_labels=labels % classes,
        labelled_inputs=inputs,
        labelled_labels=labels % classes,
        valid_inputs=data.valid_inputs[valid],
        valid_labels=data.valid_labels[valid] % classes,
        test_inputs=data.test_inputs[test],
        test_labels=data.test_labels[test] % classes,
        class_names=data.class_names[:classes],
        streams={**data.streams, "target": inputs[len(inputs) - len(drawn) :]},
        hidden={**data.hidden, "domains": labels // classes},
    )


def phases(job: Job) -> list[Phase]:
    """Epochs have the steps of an epoch of all candidates, however many are kept."""
    candidates = len(job.data.train_inputs) - len(job.data.streams["target"])
    return split(job, max(1, candidates // job.settings["batch_size"]))


class Evidence(selection.Evidence):
    @property
    def target_count(self) -> int:
        """How many of the training examples, the last ones, are the target's."""
        return len(self.job.data.streams["target"])

    @property
    def kept_domains(self) -> Tensor:
        """(C,) the domains of the candidates kept."""
        return self.job.data.hidden["domains"][self.kept]

    @property
    def target_domains(self) -> list[int]:
        """Those that are tested."""
        return list(self.job.settings["target"]["domains"])

    @cached_property
    def target_pixels(self) -> Tensor:
        """(T, D) the target's examples, in the space of `train_pixels`."""
        return self.train_pixels[len(self.train_pixels) - self.target_count :]
