"""SimCLR on the training images and on made-up ones, the real ones weighing more and augmentation being weaker."""

import copy
import math

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, TrainingSet, nn, setting, torch
from pipeline.methods.joint_embedding import Pretrained
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.ops.codes import divergence, drawn
from pipeline.ops.decoder import image_decoder


class AdaInf(Pretrained, SimCLR):
    """NT-Xent on a pool of `replicas` copies of the real images and `inflation` generated ones for each of them.

    The paper's pool is 10 times 50,000 real and 1 million generated images, and the public code passes through it for
    as many steps as it would without. Each epoch here takes another random part of the pool, as long as the real
    data. The weaker augmentation (the code raises the smallest crop from 0.08 to 0.2 of the image and halves
    probability and strengths of colour jitter) is the study's to set.

    The paper's generators are diffusion models trained before; here a variational autoencoder takes `pretraining`
    of the study's epochs, so that the cost in all is about SimCLR's: latents z ~ N(mu(x), sigma(x)^2) of plain images
    reduced to the size of views, decoded to whole images under one variance for all pixels, which at its optimum
    leaves P/2 log(mean squared error) + KL(q(z|x) || N(0, I)) for P pixels; divided by P. New images are decoded from
    z ~ N(0, I). They are far worse than the paper's, which by its analysis calls for less inflation. The temperature is
    that of the code's SimCLR.
    """

    paper = "adainf"
    training_only = ("projector", "vae", "decoder", "generated")
    temperature: float = setting(0.2, unit="cosine", low=1e-3)
    inflation: int = setting(20, unit="generated images per real one", low=1)
    replicas: int = setting(10, unit="copies", low=1)
    latent_dim: int = setting(32, unit="units", low=1)

    generated: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        reduced, encoder = nn.AdaptiveAvgPool2d(context.inputs.view_shape[1:]), copy.deepcopy(self.encoder)
        self.vae = nn.Sequential(reduced, encoder, nn.Linear(context.feature_dim, 2 * self.latent_dim))
        self.decoder = image_decoder(self.latent_dim, context.inputs.shape)
        shape = (self.inflation * context.train_examples, *context.inputs.shape)
        self.register_buffer("generated", torch.zeros(shape, dtype=torch.uint8))

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        if phase == 1:
            self.decoder.eval()
            for part in self.generated.split(500):
                codes = torch.randn(len(part), self.latent_dim, device=part.device)
                part.copy_(training.raw(self.decoder(codes)))
            self.decoder.train()

    def start_epoch(self, epoch: int) -> None:
        self.views = ("plain",) if self.phase == 0 else ("full", "full")

    def arrange(self, order: Tensor) -> Tensor:
        if self.phase == 0:
            return order
        made = len(order) + torch.arange(len(self.generated), device=order.device)
        pool = torch.cat([order.repeat(self.replicas), made])
        return pool[torch.randperm(len(pool))[: len(order)].to(order.device)]

    def fetch(self, images: Tensor, indices: Tensor) -> Tensor:
        last = len(images) - 1
        real = images[indices.clamp(max=last)]
        made = self.generated[(indices - len(images)).clamp(min=0)]
        return torch.where((indices <= last)[:, None, None, None], real, made)

    def loss(self, batch: Batch) -> Tensor:
        if self.phase == 1:
            return super().loss(batch)
        (x,) = batch.views
        mean, log_variance = self.vae(x).float().chunk(2, 1)
        error = F.mse_loss(self.decoder(drawn(mean, log_variance)).float(), x)
        return error.clamp_min(1e-6).log() / 2 + divergence(mean, log_variance) / math.prod(x.shape[1:])
