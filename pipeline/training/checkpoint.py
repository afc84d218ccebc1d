"""Weights and training state in safetensors: tensors by dotted name, everything else as JSON. No pickle.

A file has a digest of its content, so that what was cut or changed is noticed and not trained on.
"""

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialized
from torch import Tensor

from pipeline.errors import UserError
from pipeline.files import write_bytes

_TENSOR = "\0tensor"
_HEX = 64
"""Letters of a digest."""


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
    # one entry, since safetensors writes several in any order; and the bytes are written here, since its own way of
    # writing hides why it failed
    write_bytes(path, serialized(tensors, {"tree": _digest(skeleton, tensors) + skeleton}))


def _digest(skeleton: str, tensors: Mapping[str, Tensor]) -> str:
    """sha256 of all that a file holds."""
    found = hashlib.sha256(skeleton.encode())
    for name, tensor in sorted(tensors.items()):
        found.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        found.update(tensor.flatten().view(torch.uint8).numpy().data)
    return found.hexdigest()


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
            text = stream.metadata()["tree"]
        if _digest(text[_HEX:], tensors) != text[:_HEX]:
            raise UserError(f"{path}: changed since it was written; delete the file and run again")
        found: dict[str, Any] = fill(json.loads(text[_HEX:]))
        return found
    except FileNotFoundError:
        raise UserError(f"{path}: missing; `snakemake --cores all` makes it") from None
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RecursionError) as error:
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


@dataclass(frozen=True)
class Kept:
    """The state of a run's training, kept for its resumption. identity: of the training, which no other one has."""

    path: Path
    identity: str

    def save(self, parts: Mapping[str, Any]) -> None:
        save(self.path, {**parts, "id": self.identity})

    def load(self) -> dict[str, Any] | None:
        """What was saved last; None where nothing was, or, with a warning, where it cannot be used."""
        if not self.path.exists():
            return None
        try:
            found = load(self.path)
            if found.get("id") != self.identity:
                raise UserError(f"{self.path}: another training's")
        except UserError as error:
            print(f"warning: {error}; training starts over", file=sys.stderr)
            return None
        return found
