"""Learning from the future, widely: the teacher that labels has followed the mean of several possible next students."""

import dataclasses
from collections.abc import Sequence

from pipeline.contract import Batch, Tensor, setting, torch
from pipeline.methods.semi_supervised import SemiSupervised
from pipeline.methods.semi_supervised.fst_d import FSTD
from pipeline.ops.ema import follow, follower
from pipeline.ops.virtual_steps import remembered


class FSTW(FSTD):
    """As FST-D, but the N virtual steps all start at theta, on N further batches, and phi follows their mean:

    phi <- m phi + (1 - m) 1/N sum_i theta'_i, then the real step, then phi <- m phi + (1 - m) theta of the student
    after it, all as in the authors' code. What the loop calls a batch is hence N + 1 of them, of which the last makes
    the real step, and an epoch goes through the images N + 1 times as often as another method's. With one virtual
    step, and that on the real step's batch, it is FST-D.
    """

    paper = "fst"
    steps_ahead: int = setting(3, unit="virtual steps, side by side", low=1)

    def stream_sizes(self, batch_size: int) -> dict[str, int]:
        every = self.steps_ahead + 1
        return {"train": every * batch_size} | {
            name: every * size for name, size in super().stream_sizes(batch_size).items()
        }

    def step(self, batch: Batch, optimizers: Sequence[torch.optim.Optimizer], epoch: int) -> Tensor:
        student = self.student()
        put_back = remembered(student, optimizers)
        mean = follower(student)
        *virtual, real = parts(batch, self.steps_ahead + 1)
        for place, part in enumerate(virtual):
            put_back()
            SemiSupervised.step(self, part, optimizers, epoch)
            follow(mean, student, place / (place + 1))
        self.move_teacher(mean)
        put_back()
        loss = SemiSupervised.step(self, real, optimizers, epoch)
        self.move_teacher(student)
        return loss


def parts(batch: Batch, count: int) -> list[Batch]:
    """The batch and its streams as so many batches of equal size."""
    size = len(batch.labels) // count
    streams = {name: parts(stream, count) for name, stream in batch.streams.items()}
    return [
        dataclasses.replace(
            batch,
            views=[view[place : place + size] for view in batch.views],
            labels=batch.labels[place : place + size],
            indices=batch.indices[place : place + size],
            boxes=[box[place : place + size] for box in batch.boxes],
            streams={name: stream[place // size] for name, stream in streams.items()},
        )
        for place in range(0, count * size, size)
    ]
