"""A job on a handful of random images, for tests of drivers."""

import torch

from pipeline import drivers
from pipeline.training.device import choose
from pipeline.settings import BUDGETS


def job(driver, method, test_images, learning_rate):
    """40 training images of 8x8 pixels and three classes, 8 for validation, and `test_images`."""
    draw = torch.Generator().manual_seed(0)
    train, valid, test = [
        (torch.randint(0, 256, (count, 1, 8, 8), dtype=torch.uint8, generator=draw), torch.arange(count) % 3)
        for count in (40, 8, test_images)
    ]
    rest = train[0][:0], *train, train[0][:0], ["a", "b", "c"], (0.5,), (0.25,)
    protocol = {"epochs": 2, "batch_size": 10, "optimizer": {"name": "sgd", "learning_rate": learning_rate}}
    values = BUDGETS[driver].model_validate(protocol).model_dump(mode="json", exclude={"seeds"})
    made = drivers.Job(values, "study", 0, method, choose("fp32"), load=lambda key: None)
    made.data = drivers.Data(*train, train[1], *valid, *test, *rest)
    return made
