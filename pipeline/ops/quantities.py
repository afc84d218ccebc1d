"""What checks of theorems sum up, by the metrics that it is named after."""

from torch import Tensor


def of_kind(name: str, quantities: dict[str, Tensor]) -> dict[str, Tensor]:
    """Suffix -> values of the quantities `name` (suffix "") and `name_suffix`."""
    kinds = {key: key.removeprefix(name).removeprefix("_") for key in quantities}
    return {suffix: quantities[key] for key, suffix in kinds.items() if key == name or key == f"{name}_{suffix}"}
