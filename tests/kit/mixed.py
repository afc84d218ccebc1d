"""Two trained classifiers that differ, for tests of what mixes them."""

import torch

from pipeline.contract import Bundle
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.modalities.images.encoders.convnet import ConvNet
from tests.kit.methods import CONTEXT, FEATURES, made, on, trained

LAYERS = ((4, 3, 1, True), (6, 3, 1, True), (FEATURES, 3, 1, True))


class Exact(ConvNet):
    """In whatever precision it is given; the project's encoders answer in float32."""

    def layers(self, inputs):
        return self._maps(inputs)

    def forward(self, inputs):
        return self.layers(inputs)[-1].mean((2, 3))


def bundle(sharper=3.0):
    """Bases under the names that mixed classifiers have for them, whose logits are far enough apart to matter."""
    members = {}
    for seed, name in enumerate(("accurate", "robust"), 7):
        torch.manual_seed(seed)
        method = CrossEntropy()
        method.encoder = Exact(1, LAYERS)
        method.build(CONTEXT)
        members[name] = trained(method.train())
        with torch.no_grad():
            members[name].head.weight.mul_(sharper)
    return Bundle(members).eval().requires_grad_(False)


def mixed(cls, base=None, context=CONTEXT, **settings):
    """A mixed classifier upon the two."""
    return made(cls, context=on(base or bundle(), context), **settings)
