"""Mean cosine of the gradient of a class's logit with the way from the image to the mean image of the class."""

import torch
from torch import Tensor

from pipeline.contract import Inputs
from pipeline.ops.attacks import Classify
from pipeline.ops.input_gradients import cosines, logit

LABEL = "Gradient alignment"
UNIT = ""
BOUNDS = (-1.0, 1.0)
DIRECTION = None


def compute(classify: Classify, test_views: Tensor, labels: Tensor, inputs: Inputs) -> Tensor:
    """(N,) over all classes, of test images as they are; means are of the test images (Ganz et al. 2023)."""
    classes = labels.unique()
    means = torch.stack([test_views[labels == label].mean(0) for label in classes])
    found = [
        [
            cosines(classify, logit, views, label.expand(len(views)), mean - views, inputs)
            for label, mean in zip(classes, means, strict=True)
        ]
        for views in test_views.split(500)
    ]
    return torch.cat([torch.stack(of_each).mean(0) for of_each in found]).double()
