"""SimCLR on batches without two images of one pseudo-class, so that few negatives are of the anchor's kind."""

import copy

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, TrainingSet, nn, setting, torch
from pipeline.methods.joint_embedding import Pretrained
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.ops.batches import unlike
from pipeline.ops.decoder import image_decoder
from pipeline.ops.kmeans import embedded, kmeans


class GSimCLR(Pretrained, SimCLR):
    """First a denoising autoencoder: mean squared error of d(e(x + noise)) against plain images x. Then k-means of
    e(x), with as many clusters as a batch has places, and NT-Xent on batches of one image from each.

    As in the public code, batches are made by rank within the cluster: the first image of each, then the second of
    each, and so on, so that batches repeat clusters only when the small ones are used up. The code draws neither
    rank nor order of batches anew in each epoch, as is done here. Its autoencoder is a convolutional network of its
    own with noise of 0.01 on pixels in [0, 1]; here e has the architecture of the study's encoder, images are reduced
    to the size of views for the autoencoder, and the noise is in deviations of a pixel, of which 0.04 is about as much
    on CIFAR-10. The code trains it on top of SimCLR's epochs until it is no longer better on held-out images; here
    it takes `pretraining` of the study's epochs, so that the cost in all is SimCLR's.
    """

    paper = "g_simclr"
    training_only = ("projector", "denoiser", "decoder", "classes")
    noise: float = setting(0.04, unit="deviations of a pixel", low=0.0)

    classes: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.size = context.batch_size
        self.reduced = nn.AdaptiveAvgPool2d(context.inputs.view_shape[1:])
        self.denoiser = copy.deepcopy(self.encoder)
        self.decoder = image_decoder(context.feature_dim, context.inputs.view_shape)
        self.register_buffer("classes", torch.zeros(context.train_examples, dtype=torch.int64))

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        if phase == 1:
            latents = embedded(nn.Sequential(self.reduced, self.denoiser), training.plain())
            self.classes.copy_(kmeans(latents, self.size)[1])

    def start_epoch(self, epoch: int) -> None:
        self.views = ("plain",) if self.phase == 0 else ("full", "full")

    def arrange(self, order: Tensor) -> Tensor:
        return order if self.phase == 0 else unlike(order, self.classes, self.size)

    def loss(self, batch: Batch) -> Tensor:
        if self.phase == 1:
            return super().loss(batch)
        x = self.reduced(batch.views[0])
        return F.mse_loss(self.decoder(self.denoiser(x + self.noise * torch.randn_like(x))).float(), x)
