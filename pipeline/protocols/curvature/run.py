"""Classifiers, and the shape of their training loss around the weights they end at."""

import copy
import functools
import math
from collections.abc import Iterator
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from pipeline import budget
from pipeline.contract import Batch
from pipeline.methods.classifier import Classifier
from pipeline.methods.classifier.half_way import HalfWay
from pipeline.modalities.images.outliers import shifted
from pipeline.ops.curvature import Ends, Surface, ends, filter_direction
from pipeline.ops.lbfgs import Minimum
from pipeline.ops.observed import Observed
from pipeline.ops.spectral_exponents import layers
from pipeline.ops.vectors import flat
from pipeline.protocols.supervised import run as supervised
from pipeline.training import loop, optim
from pipeline.training.evidence import finite
from pipeline.training.job import Job

prepare = supervised.prepare
phases = supervised.phases
CHUNK = 250
LINES, LINE = 2, 13
"""Random directions along which the loss is kept, and how many points of each."""
COUNTED = 10
"""So many steps of training are looked at for what one costs, since not all steps of a method cost the same."""


def watch(job: Job) -> dict[str, float]:
    """`test_top1`, what the method observes of its own steps, and every `track` epochs `lambda_max`.

    Of an epoch in which something observed is not finite nothing is kept: what is left of it is worth nothing, and no
    record takes such numbers.
    """
    rows = supervised.watch(job)
    if isinstance(job.method, Observed):
        observed = job.method.observed()
        rows |= observed if all(map(math.isfinite, observed.values())) else {}
    every, of_epoch = job.settings["track"], loop.steps_per_epoch(job)
    done = round(job.method.progress * job.settings["epochs"] * of_epoch) + 1
    if every and done // of_epoch % every == 0:
        sharpness = sharpest(job, surface(job)).greatest
        rows |= {"lambda_max": sharpness} if math.isfinite(sharpness) else {}
    return rows


@torch.enable_grad()
def surface(job: Job) -> Surface:
    """The training loss over the weights of a copy of the method's network."""
    chosen, data = job.settings["curvature"], job.data
    # memory for the second derivatives of convolutions in the order that the CPU has kernels for
    assert isinstance(job.method, Classifier)
    method = copy.deepcopy(job.method).eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    method.encoder.bf16 = False
    for parameter in method.parameters():
        parameter.requires_grad_(True)
    count = min(chosen["examples"], len(data.train_inputs))
    views = torch.cat(list(job.views.plain(data.train_inputs[:count]))).split(CHUNK)
    labels = data.train_labels[:count].split(CHUNK)
    loss = {"cross_entropy": _cross_entropy, "squared_error": _squared_error}[chosen["loss"]]

    def losses() -> Iterator[Tensor]:
        for part, own in zip(views, labels, strict=True):
            yield loss(method.logits(method.encoder(part)), own) / count

    reached = torch.autograd.grad(next(losses()), list(method.parameters()), allow_unused=True)
    return Surface(losses, [p for p, slope in zip(method.parameters(), reached, strict=True) if slope is not None])


def _cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    return F.cross_entropy(logits, labels, reduction="sum")


def _squared_error(logits: Tensor, labels: Tensor) -> Tensor:
    return 0.5 * (logits - F.one_hot(labels, logits.shape[1])).square().sum()


def sharpest(job: Job, found: Surface) -> Ends:
    """The ends of the Hessian's spectrum."""
    start = torch.randn(len(found.point), generator=job.draws.generator("eigenvalues")).to(found.point)
    return ends(found.hessian(), start, job.settings["curvature"]["steps"])


class Evidence(supervised.Evidence):
    @cached_property
    def surface(self) -> Surface:
        """The mean training loss over the weights."""
        return surface(self.job)

    @cached_property
    def eigenvalues(self) -> Ends:
        """Of the Hessian of that loss: the least and the greatest."""
        found = sharpest(self.job, self.surface)
        both = finite(torch.tensor([found.least, found.greatest]), "eigenvalues of the training loss's Hessian")
        size = max(abs(found.least), abs(found.greatest), 1e-30)
        self.solved("lambda_max", Minimum(both, found.converged, found.iterations, found.error / size))
        return found

    @property
    def directions(self) -> torch.Generator:
        """For random directions of weights: of study and seed, the same for all methods and at each call."""
        return self.job.draws.generator("directions")

    @property
    def probes(self) -> int:
        """How many random directions."""
        return int(self.job.settings["curvature"]["probes"])

    @property
    def radius(self) -> float:
        """How far the weights are moved."""
        return float(self.job.settings["curvature"]["radius"])

    @property
    def adaptive_radius(self) -> float:
        """The same, in units of each weight's size."""
        return float(self.job.settings["curvature"]["adaptive_radius"])

    @cached_property
    def train_losses(self) -> Tensor:
        """(M,) float64 cross-entropy of each training example, in evaluation mode."""
        return F.cross_entropy(self.train_logits.double(), self.train_labels, reduction="none")

    @cached_property
    def _start(self) -> nn.Module:
        """The encoder as it started, that of the base if there is one."""
        job = self.job
        if isinstance(job.base, Classifier):
            return job.base.encoder
        torch.manual_seed(job.draws.seed_of("encoder"))
        encoder: nn.Module = job.modality.encoder(job.settings["encoder"], job.data.shape)
        return encoder

    @cached_property
    def travelled(self) -> Tensor:
        """(d,) from the encoder's weights at the start, those of the base if there is one, to those at the end."""
        pairs = zip(self._start.parameters(), self.job.method.encoder.parameters(), strict=True)
        return flat([now.detach().cpu() - before.detach().cpu() for before, now in pairs])

    @property
    def layer_weights(self) -> list[Tensor]:
        """Of each layer that has a spectrum: a matrix (out, in), or a kernel (out, in, h, w)."""
        return [layer.weight.detach().cpu() for layer in layers(self.job.method)]

    @property
    def start_weights(self) -> list[Tensor]:
        """The same of the encoder's layers as they started."""
        return [layer.weight.detach().cpu() for layer in layers(self._start)]

    @cached_property
    def right_shifted(self) -> Tensor:
        """(N,) bool: which test images are classified rightly under a shift of appearance."""
        moved = shifted(self.job.data.test_inputs.cpu(), self.job.draws.generator("shift", "test"))
        return supervised.logits(self.job, moved.to(self.job.device.torch)).argmax(1) == self.labels

    @cached_property
    def step_cost(self) -> float | None:
        """The arithmetic of a step in units of one forward and backward pass of its batch, counted over `COUNTED`
        steps; None where nothing is trained."""
        job = self.job
        if not job.method.trains or not job.settings["epochs"]:
            return None
        assert isinstance(job.method, Classifier)
        method, size, data = copy.deepcopy(job.method).train(), job.settings["batch_size"], job.data
        method.progress = 0.5
        settings = budget.Optimizer.model_validate(job.settings["optimizer"])
        optimizers = method.optimizers(functools.partial(optim.build, settings), 0)
        places = torch.arange(size, device=data.train_labels.device)
        views = job.views.view(data.train_inputs[:size], "plain")[0]
        batch = Batch([views] * len(method.views), data.train_labels[:size], places)
        plain = copy.deepcopy(method)
        with torch.enable_grad(), torch.random.fork_rng(devices=[]):
            with FlopCounterMode(display=False) as once:
                F.cross_entropy(plain.logits(plain.encoder(views)), batch.labels).backward()
            with FlopCounterMode(display=False) as counted:
                for _ in range(COUNTED):
                    method.step(batch, optimizers, job.settings["epochs"] // 2)
                    with torch.no_grad():
                        method.after_step()
        return counted.get_total_flops() / (COUNTED * once.get_total_flops())

    def arrays(self) -> dict[str, Tensor]:
        """With the training loss along random directions, filter by filter as long as the weights themselves."""
        found, draws, method = self.surface, self.job.draws.generator("loss along"), self.job.method
        steps = torch.linspace(-1, 1, LINE)
        along = [filter_direction(found, draws) for _ in range(LINES)]
        rises = [[found.rise(step * direction) for step in steps.tolist()] for direction in along]
        return {
            **super().arrays(),
            "direction_steps": steps,
            "direction_losses": found.value() + torch.tensor(rises, dtype=torch.float64),
            **(between(self.job, method) if isinstance(method, HalfWay) else {}),
        }


def between(job: Job, method: HalfWay) -> dict[str, Tensor]:
    """Training loss and share of wrong predictions on the test split, from a little before the one network (0) to a
    little beyond the other (1)."""
    shares, found = torch.linspace(-0.25, 1.25, 2 * LINE), []
    for share in shares.tolist():
        method.go(share)
        wrong = supervised.logits(job, job.data.test_inputs).argmax(1) != job.data.test_labels
        found.append((surface(job).value(), float(wrong.double().mean())))
    method.go(method.share)
    losses, errors = torch.tensor(found, dtype=torch.float64).unbind(1)
    return {"between_shares": shares, "between_losses": losses, "between_errors": errors}
