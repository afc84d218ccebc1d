"""Where a run executes: device, threads, precision, determinism."""

import ctypes
import os
import sys
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Device:
    torch: torch.device
    name: str
    precision: str
    """"fp32" or "bf16"."""
    threads: int

    def describe(self) -> dict[str, str | int]:
        return {"kind": self.torch.type, "name": self.name, "precision": self.precision, "threads": self.threads}


def choose(precision: str = "auto") -> Device:
    """CUDA where there is one, else one CPU thread; "auto" is bf16 where the hardware computes in it.

    One thread a job and as many jobs as cores beats many threads a job, and keeps sums in one order.
    """
    if torch.cuda.is_available():
        # on a CPU with one thread nothing is left to chance, and the switch costs a second of imports
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.backends.cudnn.benchmark = False
        automatic = "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
        name = torch.cuda.get_device_name()
        return Device(torch.device("cuda"), name, automatic if precision == "auto" else precision, 1)
    torch.set_num_threads(1)
    _keep_memory()
    automatic = "bf16" if _cpu_has_bf16() else "fp32"
    return Device(torch.device("cpu"), _cpu_name(), automatic if precision == "auto" else precision, 1)


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


def _cpu_name() -> str:
    try:
        with open("/proc/cpuinfo") as lines:  # noqa: PTH123
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return os.uname().machine
