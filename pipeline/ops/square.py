"""Square attack (Andriushchenko et al. 2020): random search by squares, which asks for logits and for no gradient."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.contract import Inputs
from pipeline.ops.attacks import Classify, Generator, Reach
from pipeline.ops.balls import Ball, drawn
from pipeline.ops.class_scores import margins

SHARE = 0.8
"""Of an image's pixels, what a square has at first: the value of AutoAttack."""
HALVED = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
"""After how many of 10,000 queries the share is halved."""


@dataclass(frozen=True)
class Square:
    """Algorithms 1 and 2 in an l_inf ball, by the margin of logits.

    From stripes of +-r in each column on, a query sets a square of each channel to +r or -r, somewhere in each image,
    and keeps it where the margin z_y - max_{k != y} z_k falls. The schedule of sizes is stretched to the number of
    queries, as the paper does, since with few queries squares would never get small (AutoAttack leaves it at 10,000).
    Every image has squares of its own, where the authors' code puts that of a query at one place in all.
    """

    ball: Ball
    queries: int

    @torch.no_grad()
    def __call__(
        self, classify: Classify, views: Tensor, labels: Tensor, inputs: Inputs, generator: Generator = None
    ) -> Tensor:
        reach = Reach(self.ball, views, inputs)
        count, _, height, width = views.shape
        shift = reach.cut(self.ball.radius * _signs(views[:, :, :1], generator).expand_as(views))
        margin = margins(classify(reach.moved(shift)), labels)
        rows, columns = (torch.arange(size, device=views.device) for size in (height, width))
        for query in range(self.queries):
            standing = (margin > 0).nonzero().squeeze(1)
            if not len(standing):
                break
            side = side_of(query, self.queries, height, width)
            # drawn for all, so that an image's squares do not depend on which others still stand
            places = drawn(torch.rand, views[:, 0, 0, :1].expand(count, 2).contiguous(), generator)
            top, left = (places[standing] * places.new_tensor([height - side + 1, width - side + 1])).long().unbind(1)
            inside = _within(rows, top, side)[:, None, :, None] & _within(columns, left, side)[:, None, None, :]
            sign = _signs(views[:, :, :1, :1], generator)[standing]
            part = Reach(self.ball, views[standing], inputs)
            tried = part.cut(torch.where(inside, self.ball.radius * sign, shift[standing]))
            found = margins(classify(part.moved(tried)), labels[standing])
            kept = standing[found < margin[standing]]
            shift[kept], margin[kept] = tried[found < margin[standing]], found[found < margin[standing]]
        return reach.moved(shift)


def side_of(query: int, queries: int, height: int, width: int) -> int:
    """Of a query's square, in pixels: at least one, at most the image's shorter side."""
    at = query * 10_000 // queries
    share = SHARE / 2 ** sum(at > mark for mark in HALVED)
    return min(max(round(math.sqrt(share * height * width)), 1), height, width)


def _within(places: Tensor, first: Tensor, count: int) -> Tensor:
    """(B, S) bool: which places (S,) are among `count` from each of the first (B,) on."""
    return (places >= first[:, None]) & (places < first[:, None] + count)


def _signs(like: Tensor, generator: Generator) -> Tensor:
    return 1.0 - 2.0 * (drawn(torch.rand, like, generator) < 0.5)
