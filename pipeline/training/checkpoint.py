"""Weights and training state in safetensors: tensors by dotted name, everything else as JSON. No pickle."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from pipeline.errors import UserError
from pipeline.files import whole

_TENSOR = "\0tensor"


def save(path: Path, tree: Mapping[str, Any]) -> None:
    """Write nested dicts and lists of tensors and JSON values, whole or not at all."""
    tensors: dict[str, Tensor] = {}

    def strip(value: Any, name: str) -> Any:
        if isinstance(value, Tensor):
            # clone: safetensors refuses tensors that share memory, and the format has no channels_last
            tensors[name] = value.detach().cpu().contiguous().clone()
            return _TENSOR + name
        if isinstance(value, Mapping):
            return {str(key): strip(inner, f"{name}.{key}" if name else str(key)) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [strip(inner, f"{name}.{place}") for place, inner in enumerate(value)]
        return value

    skeleton = json.dumps(strip(tree, ""))
    with whole(path) as temporary:
        save_file(tensors, temporary, metadata={"tree": skeleton})


def load(path: Path) -> dict[str, Any]:
    """What `save` wrote, on the CPU; UserError naming the file where it is missing or corrupt."""
    tensors: dict[str, Tensor] = {}

    def fill(value: Any) -> Any:
        if isinstance(value, str) and value.startswith(_TENSOR):
            return tensors[value.removeprefix(_TENSOR)]
        if isinstance(value, dict):
            return {key: fill(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [fill(inner) for inner in value]
        return value

    try:
        with safe_open(path, framework="pt") as stream:
            tensors |= {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
            return fill(json.loads(stream.metadata()["tree"]))
    except FileNotFoundError:
        raise UserError(f"{path}: missing; `snakemake --cores all` makes it") from None
    except (SafetensorError, OSError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise UserError(f"{path}: corrupt checkpoint ({error}); delete the file and run again") from None


def restore(module: torch.nn.Module, state: Mapping[str, Tensor], path: Path, partly: tuple[str, ...] = ()) -> None:
    """Load a state dict; UserError where names or shapes differ, apart from missing names under `partly`."""
    try:
        missing, unexpected = module.load_state_dict(dict(state), strict=False)
    except RuntimeError as error:
        raise UserError(f"{path}: does not fit the model ({str(error).splitlines()[-1].strip()}); delete it") from None
    wrong = [*unexpected, *(name for name in missing if not name.startswith(partly))]
    if wrong:
        raise UserError(f"{path}: does not fit the model (key '{wrong[0]}'); delete the file and run again")
