"""A small fabricated plan for tests of tracking; also of the processes that these start."""

from dataclasses import replace
from typing import Any

from tests.kit import exhibits


def small(seeds: int = 2, methods: tuple[str, ...] = ("simclr", "mochi")) -> Any:
    """A plan of the SSL study with few methods, settings that nest, and runs that diverge (mochi's)."""
    whole = exhibits.plan(seeds)
    settings = {"tier": "laptop", "optimizer": {"name": "sgd", "betas": [0.9, 0.999]}, "method": {"margin": 0.35}}
    chosen = [r for r in whole.runs if r.study == "ssl" and r.method in methods and r.variant == "default"]
    runs = tuple(replace(run, settings={**settings, "epochs": None}) for run in chosen)
    return exhibits.Plan({"ssl": whole.studies["ssl"]}, runs)
