"""A job on a handful of random images, for tests of the loop and of protocols."""

import functools
from typing import Any

import torch

from pipeline import lookup, modalities, protocols
from pipeline.contract import Method
from pipeline.modalities.sharing import Data
from pipeline.planning import code
from pipeline.seeds import Draws
from pipeline.training import checkpoint, loop
from pipeline.training.device import choose
from pipeline.training.job import Job

PROTOCOL = {"epochs": 2, "batch_size": 10, "optimizer": {"name": "sgd", "learning_rate": 0.05}}


def data(train: int = 40, valid: int = 8, test: int = 12, side: int = 8, classes: int = 3) -> Data:
    """Random grey images with the classes in turn."""
    draw = torch.Generator().manual_seed(0)
    parts = [
        (
            torch.randint(0, 256, (count, 1, side, side), dtype=torch.uint8, generator=draw),
            torch.arange(count) % classes,
        )
        for count in (train, valid, test)
    ]
    (inputs, labels), (valid_inputs, valid_labels), (test_inputs, test_labels) = parts
    return Data(
        train_inputs=inputs,
        train_labels=labels,
        true_labels=labels,
        valid_inputs=valid_inputs,
        valid_labels=valid_labels,
        test_inputs=test_inputs,
        test_labels=test_labels,
        held_out_inputs=inputs[:0],
        labelled_inputs=inputs,
        labelled_labels=labels,
        spare_inputs=inputs[:0],
        class_names=tuple("abcdefghij"[:classes]),
        mean=(0.5,),
        std=(0.25,),
    )


@functools.cache
def schema(protocol: str) -> Any:
    from pipeline.planning.check import of_modality

    return of_modality(protocols.named(protocol).Budget, "images")


def method_of(key: str, **settings: Any) -> Method:
    """A method by its key, not yet built."""
    info = code.method(key)
    made: Method = getattr(lookup.module(info.module.removeprefix("pipeline.")), info.name)(
        **info.resolve(settings, "test")
    )
    return made


def job(method: Method, protocol: str = "supervised", data: Data | None = None, seed: int = 0, **budget: Any) -> Job:
    """A job whose data the protocol has not prepared yet."""
    values = schema(protocol).model_validate({**PROTOCOL, **budget}).model_dump(mode="json", exclude={"seeds"})
    modality = lookup.module("modalities.images.run")
    own = data if data is not None else globals()["data"]()
    return Job(values, Draws("study", seed), method, choose("fp32"), modality, own, load=modalities.load)


def phases(job: Job) -> list[loop.Phase]:
    return loop.whole(job)


def fitted(job: Job, state: Any, report: Any = lambda row: None, pause: float = 1e9, watch: Any = None) -> list[Any]:
    """Train by the loop; the rows."""
    return loop.fit(job, loop.whole(job), checkpoint.Kept(state, "test"), pause, report, watch)
