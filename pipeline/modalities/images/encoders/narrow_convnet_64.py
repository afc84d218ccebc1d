"""The small convolutional network at half its width, then a linear map to 64 dimensions: for embeddings."""

from pipeline.modalities.images.encoders import narrow_convnet
from pipeline.ops.embedder import Embedder


def build(shape: tuple[int, ...]) -> Embedder:
    return Embedder(narrow_convnet.build(shape), 64)
