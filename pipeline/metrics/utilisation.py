"""How far images of unseen classes lie from the nearest training image: small where training has been there."""

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.ops.probes import ENTRIES

LABEL = "Utilisation"
UNIT = ""
BOUNDS = (0.0, 4.0)
DIRECTION = "lower"


def compute(features: Tensor, train_features: Tensor) -> Tensor:
    """min_z |q - z|^2 of unit embeddings, of features (N, F) and train_features (M, F); see Venkataramanan et al. 2022.

    Training images as they are at the end; mixtures that were trained on are not among them.
    """
    train = F.normalize(train_features.float())
    parts = F.normalize(features.float()).split(max(1, ENTRIES // len(train)))
    return (2 - 2 * torch.cat([(part @ train.T).amax(1) for part in parts])).clamp(0, 4).double()
