"""The training set is the source's examples or few of the target's; test images of both and of the unseen domain."""

import copy
import dataclasses
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.methods.classifier import Classifier
from pipeline.ops.vectors import flat
from pipeline.ops.weight_lines import Along, mixed, worst_rise
from pipeline.protocols.curvature import run as curvature
from pipeline.protocols.supervised import run as supervised
from pipeline.training.evidence import answers
from pipeline.training.job import Job

phases = curvature.phases
watch = curvature.watch
HALF = 0.5
"""The share of the way at which interpolation is judged."""


def prepare(job: Job) -> Job:
    """Labels become classes; test and validation examples are the target's, and others' are hidden."""
    data, settings = job.data, job.settings
    classes = len(data.class_names) // settings["domain_count"]

    def of(labels: Tensor, domains: list[int]) -> Tensor:
        return torch.isin(labels // classes, torch.tensor(domains, device=labels.device)).nonzero().squeeze(1)

    target = [settings["target_domain"]]
    if settings["learn"] == "source":
        train = of(data.train_labels, settings["source_domains"])
    else:
        there = of(data.train_labels, target)
        drawn = torch.randperm(len(there), generator=job.draws.generator("target"))[: settings["target_examples"]]
        train = there[drawn.to(there.device)]
    inputs, labels = data.train_inputs[train], data.train_labels[train] % classes
    valid, test = of(data.valid_labels, target), of(data.test_labels, target)
    hidden = dict(data.hidden)
    for name, domains in (("source", settings["source_domains"]), ("unseen", [settings["unseen_domain"]])):
        places = of(data.test_labels, domains)
        hidden |= {f"{name}_inputs": data.test_inputs[places], f"{name}_labels": data.test_labels[places] % classes}
    return job.with_data(
        train_inputs=inputs,
        train_labels=labels,
        true_labels=labels,
        labelled_inputs=inputs,
        labelled_labels=labels,
        valid_inputs=data.valid_inputs[valid],
        valid_labels=data.valid_labels[valid] % classes,
        test_inputs=data.test_inputs[test],
        test_labels=data.test_labels[test] % classes,
        class_names=data.class_names[:classes],
        hidden=hidden,
    )


class Evidence(curvature.Evidence):
    def _right(self, name: str) -> Tensor:
        hidden = self.job.data.hidden
        return supervised.logits(self.job, hidden[f"{name}_inputs"]).argmax(1) == hidden[f"{name}_labels"]

    @cached_property
    def right_shifted(self) -> Tensor:
        """(N,) bool: which test images of the unseen domain are classified rightly."""
        return self._right("unseen")

    @cached_property
    def right_source(self) -> Tensor:
        """(N',) bool: which test images of the source's domains are classified rightly."""
        return self._right("source")

    @property
    def radii(self) -> Tensor | None:
        """(epochs,) mean radius of the steps of each epoch, of methods that find it themselves."""
        return getattr(self.job.method, "radii", None)

    @cached_property
    def along(self) -> Along | None:
        """The line from the base; None unless the study asks for it. Batch statistics are mixed as weights are, since
        renewed ones would depend on the images that they are renewed on."""
        return _along(self.job) if self.job.settings["line"] and self.job.base is not None else None

    def arrays(self) -> dict[str, Tensor]:
        found = super().arrays()
        if line := self.along:
            found |= {f"line_{name}": values for name, values in line.accuracy.items()}
            found |= {"line_shares": line.shares, "line_sharpness": line.sharpness, "line_layers": line.layers}
            found |= {"line_straggler": torch.tensor(line.straggler)}
        return found


def _along(job: Job) -> Along:
    line, data, base = job.settings["line"], job.data, job.base
    assert isinstance(base, Classifier) and isinstance(job.method, Classifier)
    start = {name: value.to(job.device.torch) for name, value in base.state_dict().items()}
    end = {name: value for name, value in job.method.state_dict().items() if name in start}
    layers = _layers(job.method)
    shares = torch.linspace(0, 1, line["points"])
    small = job.with_data(
        train_inputs=data.train_inputs[: line["examples"]], train_labels=data.train_labels[: line["examples"]]
    )
    tested = {
        "target": (data.test_inputs, data.test_labels),
        **{name: (data.hidden[f"{name}_inputs"], data.hidden[f"{name}_labels"]) for name in ("unseen", "source")},
    }

    def at(state: dict[str, Tensor]) -> Job:
        method = copy.deepcopy(job.method)
        method.load_state_dict(state, strict=False)
        return dataclasses.replace(small, method=method)

    def accuracy(there: Job, name: str) -> float:
        inputs, labels = (each[: line["tested"]] for each in tested[name])
        right = answers(there, inputs, lambda views: there.method.logits(there.method.encoder(views)), "logits")  # type: ignore[operator]
        return 100 * float((right.argmax(1) == labels).double().mean())

    def loss(state: dict[str, Tensor]) -> float:
        there = at(state)
        logits = supervised.logits(there, there.data.train_inputs)
        return float(F.cross_entropy(logits, there.data.train_labels))

    found: dict[str, list[float]] = {name: [] for name in tested}
    rises: list[list[float]] = []
    for share in shares.tolist():
        there = at(mixed(start, end, share))
        for name, values in found.items():
            values.append(accuracy(there, name))
        with torch.enable_grad():
            surface = curvature.surface(there)
        size = surface.point.abs()
        names = [name for name, parameter in there.method.named_parameters() if name in start]
        numbers = torch.tensor([_layer_of(name, layers) for name in names])
        counts = torch.tensor([weight.numel() for weight in surface.weights])
        layer = numbers.repeat_interleave(counts).to(size.device)
        masks = [torch.ones_like(size), *((layer == number).to(size) for number in range(len(layers)))]
        rises.append([worst_rise(surface, size * mask, line["radius"], line["steps"]) for mask in masks])
    barriers = []
    for number in range(len(layers)):
        part = {name for name in end if _layer_of(name, layers) == number}
        costs = torch.tensor([loss(end | mixed_part(start, end, part, share)) for share in shares.tolist()])
        barriers.append(float((costs - torch.lerp(costs[0], costs[-1], shares)).max()))
    straggler = max(range(len(layers)), key=barriers.__getitem__)
    weights = [
        name for name, _ in job.method.named_parameters() if name in start and _layer_of(name, layers) == straggler
    ]
    ways = flat([(end[name] - start[name]).cpu() for name in weights]).abs()
    least = ways.quantile(line["cut"])
    cut = end | {
        name: torch.where((end[name] - start[name]).abs() < least.to(end[name]), start[name], end[name])
        for name in weights
    }
    rise = torch.tensor(rises).T
    return Along(
        shares=shares,
        accuracy={name: torch.tensor(values) for name, values in found.items()},
        sharpness=rise[0],
        layers=rise[1:],
        barriers=torch.tensor(barriers),
        sparsified=accuracy(at(mixed(start, cut, HALF)), "unseen"),
    )


def mixed_part(start: dict[str, Tensor], end: dict[str, Tensor], part: set[str], share: float) -> dict[str, Tensor]:
    """The entries of `part`, mixed."""
    return mixed(start, {name: end[name] for name in part}, share)


def _layers(method: Classifier) -> list[str]:
    """Prefixes of names: the encoder's blocks, and what is left, the head."""
    return [*(f"encoder.blocks.{place}." for place in range(len(method.encoder.blocks))), "head."]  # type: ignore[arg-type]


def _layer_of(name: str, layers: list[str]) -> int:
    return next(number for number, prefix in enumerate(layers) if name.startswith(prefix))
