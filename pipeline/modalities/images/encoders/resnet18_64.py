"""ResNet-18, then a linear map to 64 dimensions: for embeddings."""

from pipeline.modalities.images.encoders import resnet18
from pipeline.ops.embedder import Embedder


def build(shape: tuple[int, ...]) -> Embedder:
    return Embedder(resnet18.build(shape), 64)
