"""torchvision, imported only where it is needed, and also where its compiled operators cannot be loaded."""

import importlib
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from pipeline.errors import UserError

_library: Any = None  # operators live only as long as the library object that declared them


def torchvision() -> ModuleType:
    """The torchvision package, with `models`, `datasets`, `transforms`.

    Registries serve torchvision's wheel compiled for one kind of torch (CUDA, say) and torch for another. The
    compiled library then does not load, and the import fails on the first operator that torchvision describes for
    tracing (`operator torchvision::nms does not exist`), although models, data sets and transforms need none of
    them. Declaring those operators lets the import go through; calling one still fails, as it must.

    Raises UserError where torchvision is not installed.
    """
    global _library
    try:
        return importlib.import_module("torchvision")
    except ModuleNotFoundError as error:
        if error.name != "torchvision":
            raise
        raise UserError("torchvision is not installed; install it as requirements.lock says") from None
    except RuntimeError as error:
        if not re.search(r"operator torchvision::\w+ does not exist", str(error)):
            raise
    import torch

    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]  # what the failed import left half made
    # all at once, since a second failed import would leave a first operator described twice;
    # read from the source, since versions differ in them (0.28 has added qnms)
    spec = importlib.util.find_spec("torchvision")
    assert spec is not None
    assert spec.origin is not None
    described = Path(spec.origin).with_name("_meta_registrations.py").read_text(encoding="utf-8")
    _library = torch.library.Library("torchvision", "FRAGMENT")
    for operator in re.findall(r"register_fake\(\"torchvision::(\w+)\"\)", described):
        _library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return importlib.import_module("torchvision")
