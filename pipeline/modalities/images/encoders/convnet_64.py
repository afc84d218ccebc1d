"""The small convolutional network, then a linear map to 64 dimensions: for embeddings."""

from pipeline.modalities.images.encoders import convnet
from pipeline.ops.embedder import Embedder


def build(shape: tuple[int, ...]) -> Embedder:
    return Embedder(convnet.build(shape), 64)
