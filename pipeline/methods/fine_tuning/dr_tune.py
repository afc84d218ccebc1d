"""The head must also classify the pretrained features, moved to where the fine-tuned ones of each class are by now."""

import copy

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, TrainingSet, nn, setting, torch
from pipeline.methods.fine_tuning import PretrainedClassifier
from pipeline.ops.queue import Queue


class DRTune(PretrainedClassifier):
    """L = CE(h(f(x)), y) over the batch + CE(h(z'), y) over a queue of calibrated pretrained features z'.

    The queue keeps, of the latest images, the features under the encoder being trained, f(x), those under the frozen
    pretrained one, and the labels; both kinds are normalised. Semantic calibration: pretrained features are rotated by
    the R that best maps them on the others (orthogonal Procrustes, without reflection), the features of each class
    are moved by the difference of the class's centres, and all are given the mean length of the batch's f(x). The
    centre of the pretrained features is a mean; that of the others is weighted by a softmax of their cosines with the
    class's row of h. No gradient goes through the calibration, so that the second term trains the head alone.

    From the authors' code, since the paper's text was not at hand: 2,048 entries (at most the training set), filled
    with pretrained features before training, plain views here; and a rotation every 10 steps, since it is slow. Their
    code leaves features unrotated in the steps between, here the last rotation stays. It also takes one mean over
    batch and queue together, with a learning rate 33 times as high for the head, which the two means and one rate
    here come near to.
    """

    paper = "dr_tune"
    training_only = ("pretrained", "queue", "rotation")
    queue_length: int = setting(2048, unit="images", low=1)
    rotation_interval: int = setting(10, unit="steps", low=1)

    head: nn.Linear
    pretrained: nn.Module
    rotation: Tensor
    steps_done: int = 0
    """Steps done in this epoch."""

    def build(self, context: Context) -> None:
        super().build(context)
        self.pretrained = copy.deepcopy(self.encoder).requires_grad_(False)
        self.queue = Queue(min(self.queue_length, context.train_examples), 2 * context.feature_dim + 1)
        self.register_buffer("rotation", torch.eye(context.feature_dim))

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        chosen = torch.randperm(len(training.inputs), device=training.inputs.device)[: len(self.queue.items)]
        self.pretrained.eval()
        features = torch.cat([self.pretrained(images) for images in training.plain(training.inputs[chosen])])
        self.queue.push(torch.cat([features, features, training.labels[chosen, None]], 1))

    def start_epoch(self, epoch: int) -> None:
        self.steps_done = 0

    def loss(self, batch: Batch) -> Tensor:
        images, labels = batch.views[0], batch.labels
        features = self.encoder(images)
        with torch.no_grad():
            calibrated, known = self.calibrated(features)
            self.queue.push(torch.cat([features, self.pretrained.eval()(images), labels[:, None]], 1))
        self.steps_done += 1
        return self.objective(self.head(features), labels) + self.objective(self.head(calibrated), known)

    def calibrated(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """The queue's pretrained features (N, D), calibrated, and their labels (N,), given the batch's features."""
        size = features.shape[1]
        ours, theirs, labels = self.queue.items.split([size, size, 1], 1)
        ours, theirs, labels = F.normalize(ours), F.normalize(theirs), labels.squeeze(1).long()
        if self.steps_done % self.rotation_interval == 0:
            self.rotation.copy_(rotation_onto(theirs, ours))
        theirs = theirs @ self.rotation.T
        members = F.one_hot(labels, self.head.out_features).to(ours.dtype).T
        # cosines are at most 1, so that the softmax needs no maximum taken off
        weights = (ours * F.normalize(self.head.weight)[labels]).sum(1).exp()
        ours = (members * weights) @ ours / (members @ weights).clamp_min(1e-12)[:, None]
        means = members @ theirs / members.sum(1).clamp_min(1)[:, None]
        moved = theirs + (ours - means)[labels]
        return F.normalize(moved) * features.norm(dim=1).mean(), labels


def rotation_onto(x: Tensor, y: Tensor) -> Tensor:
    """R (D, D), of determinant 1, for which the rows of R x_i - y_i (N, D), both centred, are least in square."""
    # where training diverges, the loss says so; the decomposition would raise
    products = ((x - x.mean(0)).T @ (y - y.mean(0))).nan_to_num(0.0, 0.0, 0.0)
    u, _, v = torch.linalg.svd(products)
    sign = torch.ones_like(u[0])
    sign[-1] = torch.linalg.det(v.T @ u.T)
    return (v.T * sign) @ u.T
