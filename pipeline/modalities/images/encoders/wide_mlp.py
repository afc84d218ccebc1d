"""Three wide hidden layers of different aspect ratios: for methods that look at the spectra of weights."""

from pipeline.modalities.images.encoders.mlp import MLP

UNITS = (512, 512, 128)


def build(shape: tuple[int, ...]) -> MLP:
    return MLP(shape, UNITS)
