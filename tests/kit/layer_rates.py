"""Networks of linear layers of several shapes, and an epoch begun with rates by layer."""

import itertools

import torch

from tests.kit.methods import CONTEXT


class Wide(torch.nn.Module):
    feature_dim = CONTEXT.feature_dim

    def __init__(self):
        super().__init__()
        sizes = (64, 30, 12, self.feature_dim)
        pairs = itertools.pairwise(sizes)
        self.layers = torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in pairs)
        self.scale = torch.nn.Parameter(torch.ones(()))

    def forward(self, images):
        found = images.flatten(1)
        for layer in self.layers:
            found = layer(found).relu()
        return self.scale * found


def made(cls, **settings):
    torch.manual_seed(2)
    method = cls(**settings)
    method.encoder = Wide()
    method.build(CONTEXT)
    return method.train()


def sgd(module, momentum=0.9):
    """The study's optimiser, with weight decay on matrices alone."""
    groups = [{"params": [], "weight_decay": 0.1}, {"params": [], "weight_decay": 0.0}]
    for parameter in module.parameters():
        groups[parameter.ndim <= 1]["params"].append(parameter)
    return torch.optim.SGD(groups, 0.1, momentum=momentum)


def begun(method, epoch=0, optimizers=None):
    optimizers = optimizers or method.optimizers(sgd, 0)
    method.start_epoch(epoch)
    for group in optimizers[0].param_groups:
        group["lr"] = 0.1 * group.get("scale", 1.0)
    return optimizers
