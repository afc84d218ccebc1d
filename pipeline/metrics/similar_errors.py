"""What the least robust class is taken for under attack: how often it is one of the classes that look most like it."""

import torch
from torch import Tensor

from pipeline.errors import Absent
from pipeline.ops.geometry import class_means

LABEL = "Errors for look-alikes (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = None

LOOK_ALIKES = 3


def compute(aa_classes: Tensor, test_views: Tensor, labels: Tensor) -> float:
    """Of the class's attacked test images told wrongly (N,), those told as one of the three nearest classes.

    Near is the Euclidean distance of the classes' mean images, which no method has a say in. Chance is a third where
    there are ten classes.
    """
    right = aa_classes == labels
    classes = labels.unique()
    worst = classes[torch.stack([right[labels == c].double().mean() for c in classes]).argmin()]
    missed = aa_classes[(labels == worst) & ~right]
    if not len(missed):
        raise Absent("no class has an image that is told wrongly under attack")
    means = class_means(test_views.flatten(1), labels)
    apart = (means - means[classes == worst]).norm(dim=1)
    near = classes[apart.argsort()[1 : 1 + LOOK_ALIKES]]
    return 100.0 * float(torch.isin(missed, near).double().mean())
