"""Modules by name: the one place where code is looked up that no import statement names.

The plan knows what a run looks up (its method, protocol, modality, encoder, metrics) and counts it as the run's code.
"""

import importlib
from types import ModuleType


def module(name: str) -> ModuleType:
    """A module of this package by its name below `pipeline`."""
    return importlib.import_module(f"pipeline.{name}")
