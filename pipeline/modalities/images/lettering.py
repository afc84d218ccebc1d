"""Letters drawn from the outlines of TrueType fonts in whole numbers alone: the same bytes on every machine.

No font renderer takes part, since their versions differ in single pixels. An outline is a set of directed edges. Its
quadratic curves become chords at points that are exact in units of 1/UNITS of the font's own. A sample of the raster
is inside where edges wind around it (the rule of TrueType: non-zero), which is decided by exact division.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

CHORDS = 4
"""Chords of a curve. They are off it by 1/64 of the second difference of its points, some two units of 2,048."""
UNITS = CHORDS**2
FRACTION = 16
"""Bits behind the point of a transform's numbers."""
SAMPLE = 256
"""Units of a transformed edge between two samples of the raster."""
CHUNK = 1000
"""Images that are filled at once."""

Point = tuple[int, int]


def outlines(path: Path, characters: Iterable[int]) -> "dict[int, np.ndarray]":
    """Code point -> (E, 4) int64 edges x0, y0, x1, y1 in 1/UNITS of the font's units, y upwards."""
    import numpy as np
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as font:
        names, table = font.getBestCmap(), font["glyf"]
        contours = {code: list(_contours(table, names[code])) for code in characters}
    return {
        code: np.array([edge for each in found for edge in edges(*each)], np.int64).reshape(-1, 4)
        for code, found in contours.items()
    }


def _contours(table: Any, name: str) -> "Iterator[tuple[list[Point], list[bool]]]":
    """The closed contours of a glyph, those of its components moved into place: points, and which lie on the curve."""
    glyph = table[name]
    if not glyph.isComposite():
        if glyph.numberOfContours > 0:
            points, ends, flags = glyph.getCoordinates(table)
            start = 0
            for end in ends:
                yield [(int(x), int(y)) for x, y in points[start : end + 1]], [bool(f & 1) for f in flags[start : end + 1]]
                start = end + 1
        return
    for part in glyph.components:
        # in 1/2^14, as the font stores them, of which the reader makes dyadic fractions
        (a, b), (c, d) = ([int(value * 2**14) for value in row] for row in getattr(part, "transform", ((1, 0), (0, 1))))
        for points, on in _contours(table, part.glyphName):
            moved = [
                ((a * x + c * y + 2**13 >> 14) + int(part.x), (b * x + d * y + 2**13 >> 14) + int(part.y))
                for x, y in points
            ]
            yield moved, on


def edges(points: Sequence[Point], on: Sequence[bool]) -> Iterator[tuple[int, int, int, int]]:
    """The edges of one closed contour, in 1/UNITS of the points' units; between two points off the curve is one on it."""
    # doubled, so that the middle of two points is whole
    path: list[tuple[Point, bool]] = []
    for place, ((x, y), here) in enumerate(zip(points, on, strict=True)):
        (before_x, before_y), before = points[place - 1], on[place - 1]
        if not here and not before:
            path.append(((before_x + x, before_y + y), True))
        path.append(((2 * x, 2 * y), here))
    first = next(place for place, (_, here) in enumerate(path) if here)
    path = [*path[first:], *path[: first + 1]]
    start: Point = path[0][0]
    control: Point | None = None
    half = UNITS // 2
    for point, here in path[1:]:
        if not here:
            control = point
            continue
        if control is None:
            yield start[0] * half, start[1] * half, point[0] * half, point[1] * half
        else:
            last = (start[0] * half, start[1] * half)
            for i in range(1, CHORDS + 1):
                # UNITS times the curve's point at i / CHORDS, halved since the points are doubled
                weights = ((CHORDS - i) ** 2, 2 * i * (CHORDS - i), i**2)
                x, y = (
                    sum(w * p[axis] for w, p in zip(weights, (start, control, point), strict=True)) // 2
                    for axis in (0, 1)
                )
                yield *last, x, y
                last = (x, y)
        start, control = point, None


def turned(edges: "np.ndarray", matrices: "np.ndarray") -> "np.ndarray":
    """Edges (E, 4) by a matrix (E, 2, 2) each: [x, y] -> [[a, b], [c, d]] [x, y] / 2^FRACTION, rounded down."""
    import numpy as np

    x, y = edges[:, 0::2], edges[:, 1::2]
    out = np.empty_like(edges)
    for axis in (0, 1):
        out[:, axis::2] = matrices[:, axis, :1] * x + matrices[:, axis, 1:] * y >> FRACTION
    return out


def bounds(edges: "np.ndarray", starts: "np.ndarray") -> "np.ndarray":
    """(N, 2, 2) least and greatest x and y of each outline, whose edges begin at `starts` (N,)."""
    import numpy as np

    low = np.minimum.reduceat(np.minimum(edges[:, :2], edges[:, 2:]), starts)
    return np.stack([low, np.maximum.reduceat(np.maximum(edges[:, :2], edges[:, 2:]), starts)], axis=1)


def inside_frame(extents: "np.ndarray", room: "np.ndarray") -> "np.ndarray":
    """(N, 2) moves that bring extents (N, 2, 2) between 0 and `room` (N, 2): the least, or to the middle of it."""
    import numpy as np

    low, high = extents[:, 0], extents[:, 1]
    least = np.maximum(-low, 0) - np.maximum(high - room, 0)
    return np.where(high - low <= room, least, (room - low - high) // 2)


def filled(edges: "np.ndarray", owners: "np.ndarray", count: int, side: int) -> "np.ndarray":
    """(count, side, side) bool: which samples lie inside the outline of edges (E, 4) that belong to image `owners` (E,).

    Sample (row, column) is at ((column + 1/2) SAMPLE, (row + 1/2) SAMPLE); y goes downwards. A sample on an edge is
    inside where the inside is to its right or below.
    """
    import numpy as np

    x0, y0, x1, y1 = edges.T
    down = y1 > y0
    x0, y0, x1, y1 = np.where(down, (x0, y0, x1, y1), (x1, y1, x0, y0))
    half = SAMPLE // 2
    # rows whose samples are at y0 <= y < y1
    first, last = (np.clip(-((half - y) // SAMPLE), 0, side) for y in (y0, y1))
    crossed = last - first
    edge = np.repeat(np.arange(len(edges)), crossed)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(crossed) - crossed, crossed) + first[edge]
    x0, y0, x1, y1, down, owner = x0[edge], y0[edge], x1[edge], y1[edge], down[edge], owners[edge]
    height = y1 - y0
    # the first column whose sample is not to the left of the crossing
    over = (x0 - half) * height + (row * SAMPLE + half - y0) * (x1 - x0)
    column = np.clip(-(-over // (SAMPLE * height)), 0, side)
    place = (owner * side + row) * (side + 1) + column
    size = count * side * (side + 1)
    turns = np.bincount(place[down], minlength=size) - np.bincount(place[~down], minlength=size)
    winding = np.cumsum(turns.reshape(count, side, side + 1)[:, :, :side].astype(np.int16), axis=2, dtype=np.int16)
    return winding != 0


def thickened(inside: "np.ndarray", right: "np.ndarray", down: "np.ndarray") -> "np.ndarray":
    """(N, H, W) bool with what is inside spread by so many samples (N,) to the right and down."""
    out = inside.copy()
    for axis, spread in ((2, right), (1, down)):
        for _ in range(int(spread.max(initial=0))):
            those = spread > 0
            part = out[those]
            # a copy, since each sample spreads by one at a time
            if axis == 2:
                part[:, :, 1:] |= part[:, :, :-1].copy()
            else:
                part[:, 1:] |= part[:, :-1].copy()
            out[those] = part
            spread = spread - 1
    return out


def averaged(inside: "np.ndarray", samples: int) -> "np.ndarray":
    """(N, H / samples, W / samples) uint8: 255 times the share of a block's samples (N, H, W) that are inside, rounded."""
    import numpy as np

    count, side = len(inside), inside.shape[1] // samples
    shares = inside.reshape(count, side, samples, side, samples).sum((2, 4), dtype=np.int64)
    return ((shares * 255 * 2 + samples**2) // (2 * samples**2)).astype(np.uint8)


def drawn(
    glyphs: "Sequence[np.ndarray]",
    matrices: "np.ndarray",
    level: int,
    moves: "np.ndarray",
    thicker: "np.ndarray",
    side: int,
    samples: int,
) -> "np.ndarray":
    """(N, side, side) uint8 images of N outlines, white on black, wholly inside where they are not too large.

    An outline's middle between left and right, at height `level` in the outlines' units, comes to lie on the image's
    middle. Around it the outline is turned by its matrix (N, 2, 2), to SAMPLE times `samples` per pixel; then it is
    moved by moves (N, 2) in the same units to the right and down, and made thicker (N, 2) by so many samples.
    """
    import numpy as np

    out = np.empty((len(glyphs), side, side), np.uint8)
    whole = side * samples * SAMPLE
    for start in range(0, len(glyphs), CHUNK):
        part = slice(start, start + CHUNK)
        sizes = [len(glyph) for glyph in glyphs[part]]
        owners, starts = np.repeat(np.arange(len(sizes)), sizes), np.cumsum([0, *sizes[:-1]])
        edges = np.concatenate(glyphs[part])
        middle = np.full((len(sizes), 2), level, np.int64)
        middle[:, 0] = bounds(edges, starts)[:, :, 0].sum(1) // 2
        edges = turned(edges - np.tile(middle, 2)[owners], matrices[part][owners])
        edges[:, 1::2] *= -1  # rows are counted downwards
        edges += np.tile(moves[part] + whole // 2, 2)[owners]
        edges += np.tile(inside_frame(bounds(edges, starts), whole - thicker[part] * SAMPLE), 2)[owners]
        inside = filled(edges, owners, len(sizes), side * samples)
        out[part] = averaged(thickened(inside, *thicker[part].T), samples)
    return out
