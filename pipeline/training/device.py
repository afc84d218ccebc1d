"""Where a run executes: device, threads, precision, determinism."""

import ctypes
import gc
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch

from pipeline.errors import UserError
from pipeline.training import cards

Result = TypeVar("Result")


@dataclass(frozen=True)
class Device:
    torch: torch.device
    name: str
    precision: str
    """"fp32" or "bf16"."""
    threads: int
    model: str = ""
    """Of a CPU: family, model and stepping, and the vector instructions in use. In clouds its name says less."""

    def describe(self) -> dict[str, str | int]:
        known: dict[str, str | int] = {"kind": self.torch.type, "name": self.name, "model": self.model}
        return known | {"precision": self.precision, "threads": self.threads}


def choose(precision: str = "auto") -> Device:
    """CUDA where there is one, else one CPU thread; "auto" is bf16 where the hardware computes in it.

    Of several cards the process is given one. One thread a job and as many jobs as cores beats many threads a job,
    and keeps sums in one order.
    """
    if cards.take():
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # CUDA reads it as it starts
    torch.set_num_threads(1)
    threads = torch.get_num_threads()
    if torch.cuda.is_available():
        _be_exact()
        automatic = "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
        name = torch.cuda.get_device_name()
        return Device(torch.device("cuda"), name, automatic if precision == "auto" else precision, threads)
    _keep_memory()
    automatic = "bf16" if _cpu_has_bf16() else "fp32"
    name, model = _cpu()
    return Device(torch.device("cpu"), name, automatic if precision == "auto" else precision, threads, model)


def _be_exact() -> None:
    """On a card: the same sums each time where there is a way, and fp32 that is fp32, which cuDNN's is not by default.

    On a CPU with one thread nothing is left to chance, and the switch costs a second of imports.
    """
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False
    torch.backends.fp32_precision = "ieee"  # type: ignore[attr-defined]


def retried(work: Callable[[], Result], what: str) -> Result:
    """Do the work; where the card's memory is full, once more with the card to itself.

    Raises UserError, which names `what`, where that does not help.
    """
    try:
        return work()
    except RuntimeError as error:
        if not _full(error):
            raise
    # here the error is gone, and with it what it kept alive of the work
    gc.collect()
    torch.cuda.empty_cache()
    print(f"warning: {what}: the card's memory is full; once more, with the card to itself", file=sys.stderr)
    with cards.alone():
        try:
            return work()
        except RuntimeError as error:
            if not _full(error):
                raise
            raise UserError(
                f"{what}: the card has too little memory for it, even alone ({str(error).splitlines()[0]}); "
                "take a larger card or a smaller batch_size"
            ) from None


def _full(error: RuntimeError) -> bool:
    """Whether CUDA, cuBLAS or cuDNN could not get memory; they have no class of error in common."""
    return isinstance(error, torch.OutOfMemoryError) or any(
        words in str(error) for words in ("CUDA out of memory", "CUDA error: out of memory", "STATUS_ALLOC_FAILED")
    )


def _keep_memory() -> None:
    """Ask glibc to keep freed blocks: activations of some MB are otherwise mapped and zeroed anew every step."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            mmap_threshold, trim_threshold = -3, -1
            libc.mallopt(mmap_threshold, 1 << 30)
            libc.mallopt(trim_threshold, 1 << 30)


def _cpu_has_bf16() -> bool:
    capabilities = (
        getattr(torch.cpu, "_is_avx512_bf16_supported", None),
        getattr(torch.cpu, "_is_amx_tile_supported", None),
    )
    return any(bool(supported and supported()) for supported in capabilities)


def _cpu() -> tuple[str, str]:
    """The CPU's name, and its family, model and stepping, where Linux tells them, with its vector instructions."""
    facts: dict[str, str] = {}
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123
            for line in lines:
                key, _, value = line.partition(":")
                facts.setdefault(key.strip(), value.strip())
    except OSError:
        pass
    numbers = [facts[key] for key in ("cpu family", "model", "stepping") if key in facts]
    instructions = str(torch.backends.cpu.get_cpu_capability())
    return facts.get("model name") or os.uname().machine, " ".join(filter(None, ["-".join(numbers), instructions]))
