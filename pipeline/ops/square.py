"""Square attack (Andriushchenko et al. 2020): random search by squares, which asks for logits and for no gradient."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.contract import Inputs
from pipeline.ops.attacks import Attack, Classify, Generator, Reach
from pipeline.ops.balls import L2, Ball, drawn
from pipeline.ops.class_scores import margins

SHARE = 0.8
"""Of an image's pixels, what a square has at first: the value of AutoAttack."""
HALVED = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
"""After how many of 10,000 queries the share is halved."""
TINY = 1e-12


def square(ball: Ball, queries: int) -> Attack:
    """The attack that the paper has for a ball."""
    return SquareL2(ball, queries) if isinstance(ball, L2) else Square(ball, queries)


@dataclass(frozen=True)
class _RandomSearch:
    """Algorithm 1, by the margin of logits: what lowers z_y - max_{k != y} z_k is kept, until it is below 0.

    The schedule of sizes is stretched to the number of queries, as the paper does, since with few queries squares
    would never get small (AutoAttack leaves it at 10,000). Every image has squares of its own, where the authors' code
    puts that of a query at one place in all.
    """

    ball: Ball
    queries: int

    def start(self, like: Tensor, generator: Generator) -> Tensor:
        """The first shift (B, C, H, W)."""
        raise NotImplementedError

    def propose(self, shift: Tensor, query: int, generator: Generator) -> Tensor:
        """What to try in place of shifts (B, C, H, W)."""
        raise NotImplementedError

    @torch.no_grad()
    def __call__(
        self, classify: Classify, views: Tensor, labels: Tensor, inputs: Inputs, generator: Generator = None
    ) -> Tensor:
        reach = Reach(self.ball, views, inputs)
        shift = reach.cut(self.start(reach.views, generator))
        margin = margins(classify(reach.moved(shift)), labels)
        for query in range(self.queries):
            standing = (margin > 0).nonzero().squeeze(1)
            if not len(standing):
                break
            # for all, so that an image's squares do not depend on which others still stand
            tried = reach.cut(self.propose(shift, query, generator))
            found = margins(classify(reach.moved(tried)[standing]), labels[standing])
            lower = found < margin[standing]
            kept = standing[lower]
            shift[kept], margin[kept] = tried[kept], found[lower]
        return reach.moved(shift)


class Square(_RandomSearch):
    """Algorithm 2, in an l_inf ball: from stripes of +-r in each column on, a square of each channel becomes +-r."""

    def start(self, like: Tensor, generator: Generator) -> Tensor:
        return self.ball.radius * _signs(like[:, :, :1], generator).expand_as(like)

    def propose(self, shift: Tensor, query: int, generator: Generator) -> Tensor:
        inside, _, _ = _window(shift, side_of(query, self.queries, *shift.shape[2:]), generator)
        return torch.where(inside, self.ball.radius * _signs(shift[:, :, :1, :1], generator), shift)


class SquareL2(_RandomSearch):
    """Algorithm 3, in an l_2 ball: length is taken from one square and goes, as two bumps of either sign, to another.

    In each channel v_1 <- e (b + v_1 / |v_1|) / |b + v_1 / |v_1||, v_2 <- 0: b is +-`bumps`, upright or lying, and
    e^2 = |v_{1 or 2}|^2 + (r^2 - |v|^2) / C. It starts from five by five tiles of bumps. A square's side is odd, and 3
    at least where the image has room. As in the authors' code the whole shift is then brought to the length r before
    the range of the raw values cuts it.
    """

    def start(self, like: Tensor, generator: Generator) -> Tensor:
        height, width = like.shape[2:]
        side = max(min(height, width) // 5, 1)
        rows, columns = min(5, height), min(5, width)
        tiles = torch.zeros_like(like)
        top, left = (height - rows * side) // 2, (width - columns * side) // 2
        for place in range(rows * columns):
            bump = _turned(bumps(side, like), like, generator) * _signs(like[:, :, :1, :1], generator)
            down, right = top + place // columns * side, left + place % columns * side
            tiles[:, :, down : down + side, right : right + side] = bump
        return self._longest(tiles)

    def propose(self, shift: Tensor, query: int, generator: Generator) -> Tensor:
        height, width = shift.shape[2:]
        side = min(max(side_of(query, self.queries, height, width), 3) | 1, height, width)
        first, down, right = _window(shift, side, generator)
        second, _, _ = _window(shift, side, generator)
        pattern = _turned(bumps(side, shift), shift, generator)[:, 0]
        image = torch.arange(len(shift), device=shift.device)[:, None, None]
        bump = (pattern[image, down[:, :, None], right[:, None, :]])[:, None] * first
        unused = (self.ball.radius**2 - _squares(shift).sum(1, keepdim=True)).clamp_min(0) / shift.shape[1]
        length = (unused + _squares(shift * (first | second))).sqrt()
        old = shift * first
        new = bump * _signs(shift[:, :, :1, :1], generator) + old / (TINY + _squares(old).sqrt())
        new = length * new / (TINY + _squares(new).sqrt())
        return self._longest(torch.where(first, new, shift.masked_fill(second, 0.0)))

    def _longest(self, shift: Tensor) -> Tensor:
        return self.ball.radius * self.ball.steepest(shift)


def side_of(query: int, queries: int, height: int, width: int) -> int:
    """Of a query's square, in pixels: at least one, at most the image's shorter side."""
    at = query * 10_000 // queries
    share = SHARE / 2 ** sum(at > mark for mark in HALVED)
    return min(max(round(math.sqrt(share * height * width)), 1), height, width)


def bumps(side: int, like: Tensor) -> Tensor:
    """(S, S) of length 1: a positive bump in the upper half, a negative one in the lower (equation 2)."""
    halves = (_bump(side // 2, side, like), -_bump(side - side // 2, side, like))
    whole = torch.cat(halves)
    return whole / whole.norm()


def _bump(height: int, width: int, like: Tensor) -> Tensor:
    """(H, W) of length 1: sum_{k >= d} 1 / (k + 1)^2 at the distance d from the middle, by the greater of the axes."""
    rows, columns = (torch.arange(size, device=like.device) - size // 2 for size in (height, width))
    distance = torch.maximum(rows.abs()[:, None], columns.abs()[None, :])
    terms = 1 / torch.arange(1, max(height, width) // 2 + 2, device=like.device).to(like) ** 2
    found: Tensor = terms.flip(0).cumsum(0).flip(0)[distance]
    return found / found.norm().clamp_min(TINY)


def _turned(pattern: Tensor, like: Tensor, generator: Generator) -> Tensor:
    """(B, 1, S, S): for each image as it is or, as a coin says, lying."""
    lying = drawn(torch.rand, like[:, :1, :1, :1], generator) > 0.5
    return torch.where(lying, pattern.T, pattern)


def _window(like: Tensor, side: int, generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Squares in images (B, C, H, W): (B, 1, H, W) bool, and each row's and column's place in them, cut to the side."""
    height, width = like.shape[2:]
    rows, columns = (torch.arange(size, device=like.device) for size in (height, width))
    places = drawn(torch.rand, like[:, 0, 0, :1].expand(len(like), 2).contiguous(), generator)
    top, left = (places * places.new_tensor([height - side + 1, width - side + 1])).long().unbind(1)
    down, right = rows - top[:, None], columns - left[:, None]
    inside = ((down >= 0) & (down < side))[:, None, :, None] & ((right >= 0) & (right < side))[:, None, None, :]
    return inside, down.clamp(0, side - 1), right.clamp(0, side - 1)


def _squares(values: Tensor) -> Tensor:
    """(B, C, 1, 1) sums of squares."""
    return values.square().sum((2, 3), keepdim=True)


def _signs(like: Tensor, generator: Generator) -> Tensor:
    return 1.0 - 2.0 * (drawn(torch.rand, like, generator) < 0.5)
