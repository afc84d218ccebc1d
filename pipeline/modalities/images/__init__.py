"""Images: uint8, seen in random views, encoded by convolutions."""

from typing import Annotated

from pydantic import Field

from pipeline.schema import NotNegative, PositiveSpan, Share, Span, Strict, Whole

NOUN = "images"
DTYPE = "uint8"


class Transforms(Strict):
    """Per-sample random transforms, applied in this order. Zero or null switches one off.

    Strengths follow torchvision: a brightness of 0.4 draws a factor from [0.6, 1.4].
    """

    shift: Whole = 0
    """Random translation by up to so many pixels each way, zeros outside."""
    crop_scale: Span | None = None
    """Area share of the random resized crop."""
    crop_ratio: PositiveSpan = [0.75, 4 / 3]
    flip: Share = 0.0
    jitter: Share = 0.0
    """Probability that brightness, contrast, saturation and hue are drawn for a sample."""
    brightness: NotNegative = 0.0
    contrast: NotNegative = 0.0
    saturation: NotNegative = 0.0
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    greyscale: Share = 0.0
    blur: Share = 0.0
    blur_sigma: PositiveSpan = [0.1, 2.0]
    solarize: Share = 0.0


class Strong(Transforms):
    """The transforms of views "strong", and last of all a square of mean grey (DeVries and Taylor 2017, "Cutout")."""

    cutout: Share = 0.0
    """Side of the square, as a share of the view's; its centre is any pixel, and what lies outside is not filled."""


class Augmentation(Transforms):
    """The transforms of views "full", the sizes of views, the crops of views "small", and all of views "strong"."""

    full_size: Annotated[int, Field(ge=4, le=1024)] | None = None
    """Side in pixels of the views "full"; null for the images' own. Smaller ones cost less and teach nearly as much."""
    small_size: Annotated[int, Field(ge=4, le=1024)] | None = None
    """Side in pixels of the views that multi-crop methods ask for as "small"."""
    small_scale: Span = [0.05, 0.25]
    strong: Strong | None = None
    """Of the views that methods ask for as "strong", which are as large as the full ones."""
