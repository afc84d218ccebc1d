"""SimCLR on batches whose images all have the style of one of them, style being the strength of low frequencies."""

import math

from pipeline.contract import Batch, Tensor, setting, torch
from pipeline.methods.joint_embedding.simclr import SimCLR


class BSS(SimCLR):
    """Each view's batch X_1..X_N is replaced by F^-1(A'_i exp(i phi_i)), with A_i and phi_i amplitude and phase of
    F(X_i) and A'_i equal to A_i but for the central block of the spectrum with a share r of its area, which is that
    of one image of the batch, drawn for the view; r is drawn from `ratio_low` to `ratio_high` for the view.

    From the abstract, a figure and the supplement's algorithm; the range of r could not be found, and the study
    searches its upper end on training images kept out. Chosen here is that the transform comes after all augmentation,
    which makes brightness and contrast common to the batch as well (the paper is said to gain from jitter shared by the
    batch). The transform is of images with black at 0, as pixels have it, so that their mean has phase 0. Results are
    not clipped.
    """

    paper = "bss"
    ratio_low: float = setting(0.02, unit="share of the spectrum", low=0.0, high=1.0)
    ratio_high: float = setting(0.2, unit="share of the spectrum", low=0.0, high=1.0)

    def loss(self, batch: Batch) -> Tensor:
        return self.objective(*self.embed([self.restyled(view) for view in batch.views]))

    def restyled(self, views: Tensor) -> Tensor:
        ratio = self.ratio_low + (self.ratio_high - self.ratio_low) * float(torch.rand(()))
        return standardise(views, int(torch.randint(len(views), ())), ratio)


def standardise(images: Tensor, style: int, ratio: float) -> Tensor:
    """Images (B, C, H, W) with the low-frequency amplitudes of the image at place `style`; none where ratio is 0."""
    if not ratio:
        return images
    height, width = images.shape[-2:]
    # normalised, black is some negative number, and is in practice somewhere in a batch
    black = images.amin((0, 2, 3), keepdim=True)
    spectrum = torch.fft.rfft2(images.float() - black)
    rows, columns = (torch.fft.fftfreq(height).abs(), torch.fft.rfftfreq(width))
    half = math.sqrt(ratio) / 2
    block = ((rows[:, None] <= half) & (columns <= half)).to(images.device)
    amplitude = torch.where(block, spectrum[style].abs(), spectrum.abs())
    return torch.fft.irfft2(torch.polar(amplitude, spectrum.angle()), s=(height, width)) + black
