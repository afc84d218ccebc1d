"""Training images per second on one core, against loops as others write them.

All train the same network with the same loss, optimiser, batch size and strengths of augmentation. Ours is the
project's own loop. `plain` is written as tutorials write it: PIL images, torchvision's transforms one image at a time,
a DataLoader, the default memory layout. `lightly` is the library of that name as fast as it goes here: its transform
and loss, grey images in memory, channels last. Rounds alternate, so that a machine whose speed drifts drifts for all.
Then SimCLR is trained by ours and by lightly's for the same CPU time, and a linear probe is fitted to both. Where the
project's loop computes in bf16, all do.
"""

import functools
import importlib.util
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import _training

WHAT = (
    ("simclr", "ssl", "simclr", {}),
    ("simclr, 28 pixels, batch 256", "ssl", "simclr", {"augmentation": {"full_size": None}, "batch_size": 256}),
    ("cross_entropy", "classification", "cross_entropy", {}),
)
"""Name, study, method, and what differs from the study."""
REQUIREMENTS = Path(__file__).parent / "requirements.txt"


def run(tier: str = "laptop", examples: int = 2560, rounds: int = 5, seconds: float = 20.0) -> Iterator[str]:
    """One line per comparison."""
    with _training.one_core():
        for name, study, method, changes in WHAT:
            planned = _training.planned(study, method, tier)
            settings = _settings(planned, examples, changes)
            loops = {"ours": _ours(planned, settings), "plain": _loop(planned, settings, _torchvision)}
            if method == "simclr" and importlib.util.find_spec("lightly"):
                loops["lightly"] = _loop(planned, settings, _lightly)
            speeds: dict[str, list[float]] = {loop: [] for loop in loops}
            for turn in range(rounds + 1):
                for loop, train in loops.items():
                    found = train()
                    if turn:
                        speeds[loop].append(found)
            for other in [loop for loop in loops if loop != "ours"]:
                yield f"{name}: {_compared(speeds['ours'], speeds[other], other)}"
        if not importlib.util.find_spec("lightly"):
            yield f"lightly is not installed: pip install -r {REQUIREMENTS.parent.name}/{REQUIREMENTS.name}"
            return
        planned = _training.planned("ssl", "simclr", tier)
        for loop, (accuracy, images) in _learned(planned, seconds).items():
            yield f"simclr, {seconds:g} CPU seconds of training: {loop} {images} images, linear probe {accuracy:.1f}%"


def _compared(ours: list[float], others: list[float], name: str) -> str:
    ratios = [a / b for a, b in zip(ours, others, strict=True)]
    spread = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    medians = f"{statistics.median(ours):.0f} images/s, {name} loop {statistics.median(others):.0f}"
    return f"{medians}, ratio {statistics.median(ratios):.2f} (pairs: {spread})"


def _settings(planned: Any, examples: int, changes: dict[str, Any]) -> dict[str, Any]:
    augmentation = {**planned.settings["augmentation"], **changes.get("augmentation", {})}
    sizes = {"train_examples": examples, "validation_examples": 0, "epochs": 1}
    return {**sizes, **changes, "augmentation": augmentation}


def _ours(planned: Any, settings: dict[str, Any]) -> Callable[[], float]:
    def round_() -> float:
        rows = _training.fit(_training.job(planned, **settings))
        return float(rows[0]["images_per_second"])

    return round_


def _loop(planned: Any, settings: dict[str, Any], make: Callable[[Any], Any]) -> Callable[[], float]:
    return functools.partial(next, _epochs(_training.job(planned, **settings), make))


def _epochs(job: Any, make: Callable[[Any], Any]) -> Iterator[float]:
    """Images per second of one epoch after the other of another's loop; `make` makes its transform, loss and layout."""
    from torch.utils.data import DataLoader, Dataset

    from pipeline.budget import Optimizer
    from pipeline.contract import Batch
    from pipeline.modalities.images.vision import torchvision
    from pipeline.training import optim
    from pipeline.training.loop import build, whole

    to_image = torchvision().transforms.ToPILImage()
    method = build(job, whole(job))
    transform, loss_of, memory_format = make(job)
    method.to(memory_format=memory_format)
    optimizer = optim.build(Optimizer.model_validate(job.settings["optimizer"]), method)

    class Images(Dataset):
        def __init__(self) -> None:
            self.images = [to_image(image) for image in job.data.train_inputs]

        def __len__(self) -> int:
            return len(self.images)

        def __getitem__(self, place: int) -> Any:
            return transform(self.images[place]), job.data.train_labels[place], place

    loader = DataLoader(Images(), job.settings["batch_size"], shuffle=True, drop_last=True)
    while True:
        method.train()
        started, seen = time.perf_counter(), 0
        for views, labels, places in loader:
            views = [view.to(memory_format=memory_format) for view in views]
            loss = loss_of(method, Batch(views, labels, places))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            method.after_step()
            seen += len(labels)
        yield seen / (time.perf_counter() - started)


def _torchvision(job: Any) -> Any:
    """As in torchvision's and PyTorch's tutorials."""
    import torch

    from pipeline.modalities.images.vision import torchvision

    vision = torchvision().transforms
    policy = job.settings["augmentation"]
    side = policy["full_size"] or job.data.shape[1]
    steps: list[Any] = []
    if policy["shift"]:
        steps.append(vision.RandomCrop(side, padding=policy["shift"]))
    if policy["crop_scale"]:
        steps.append(vision.RandomResizedCrop(side, scale=tuple(policy["crop_scale"])))
    steps.append(vision.RandomHorizontalFlip(policy["flip"]))
    if policy["jitter"]:
        jitter = vision.ColorJitter(policy["brightness"], policy["contrast"])
        steps.append(vision.RandomApply([jitter], policy["jitter"]))
    transform = vision.Compose([*steps, vision.ToTensor(), vision.Normalize(job.data.mean, job.data.std)])
    return (
        lambda image: [transform(image) for _ in job.method.views],
        lambda method, batch: method.loss(batch),
        torch.contiguous_format,
    )


def _lightly(job: Any) -> Any:
    """As in lightly's example of SimCLR, apart from what makes it faster here."""
    import torch

    from pipeline.modalities.images.vision import torchvision

    torchvision()  # lightly's own import of it fails where its compiled operators cannot be loaded
    from lightly.loss import NTXentLoss
    from lightly.transforms import SimCLRTransform

    policy = job.settings["augmentation"]
    transform = SimCLRTransform(
        input_size=policy["full_size"] or job.data.shape[1],
        cj_prob=policy["jitter"],
        cj_bright=policy["brightness"],
        cj_contrast=policy["contrast"],
        cj_sat=0.0,
        cj_hue=0.0,
        min_scale=policy["crop_scale"][0],
        random_gray_scale=0.0,
        gaussian_blur=policy["blur"],
        hf_prob=policy["flip"],
        normalize={"mean": list(job.data.mean), "std": list(job.data.std)},
    )
    criterion = NTXentLoss(temperature=job.method.temperature)

    def loss(method: Any, batch: Any) -> Any:
        return criterion(*(method.projector(method.encoder(view)) for view in batch.views))

    return transform, loss, torch.channels_last


def _for(seconds: float, planned: Any, settings: dict[str, Any]) -> tuple[Any, int]:
    """A job trained by the project's loop for about so many CPU seconds, and its epochs."""
    _training.fit(_training.job(planned, **settings))
    started = time.process_time()
    _training.fit(_training.job(planned, **settings))
    epochs = max(1, round(seconds / (time.process_time() - started)))
    job = _training.job(planned, **{**settings, "epochs": epochs})
    _training.fit(job)
    return job, epochs


def _lightly_for(seconds: float, planned: Any, settings: dict[str, Any]) -> tuple[Any, int]:
    """The same by lightly's."""
    job = _training.job(planned, **settings)
    rounds, started, epochs = _epochs(job, _lightly), time.process_time(), 0
    while not epochs or time.process_time() - started < seconds:
        next(rounds)
        epochs += 1
    return job, epochs


def _learned(planned: Any, seconds: float) -> dict[str, tuple[float, int]]:
    """For each loop, a linear probe's accuracy after about so many CPU seconds of training, and the images of them."""
    examples, found = planned.settings["train_examples"], {}
    settings = {**_settings(planned, examples, {}), "schedule": {"name": "constant", "warmup": 0.0}}
    for loop, trained in (("ours", _for), ("lightly", _lightly_for)):
        job, epochs = trained(seconds, planned, settings)
        found[loop] = _training.measured(job, "linear_top1"), epochs * examples
    return found
