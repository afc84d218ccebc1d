"""Encoders that end in a linear map: what lies behind pooling is projected to a few dimensions, the embedding."""

from torch import Tensor, nn

from pipeline.ops.encoder import Encoder


class Embedder(Encoder):
    """Inputs (B, ...) -> W f(inputs) + b (B, dimensions), not of unit length; f is another encoder."""

    def __init__(self, encoder: Encoder, dimensions: int) -> None:
        super().__init__()
        self.blocks = encoder.blocks
        self.embedding = nn.Linear(encoder.feature_dim, dimensions)
        self.feature_dim = dimensions

    def forward(self, inputs: Tensor) -> Tensor:
        embedded: Tensor = self.embedding(super().forward(inputs))
        return embedded
