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
UNITS = 2 * CHORDS**2
FRACTION = 20
"""Bits behind the point of a transform's numbers."""
SAMPLE = 256
"""Units of a transformed edge between two samples of the raster."""
CHUNK = 1000
"""Images that are filled at once."""

Point = tuple[int, int]


def outlines(path: Path, characters: Iterable[int]) -> "dict[int, np.ndarray]":
    """Code point -> (E, 4) int64 edges x0, y0, x1, y1 in 1/UNITS of the font's units, y upwards."""
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as font:
        names, table = font.getBestCmap(), font["glyf"]
        known: dict[str, np.ndarray] = {}
        return {code: _outline(table, names[code], known) for code in characters}


def _outline(table: Any, name: str, known: "dict[str, np.ndarray]") -> "np.ndarray":
    """The edges of a glyph, those of its components moved into place; `known` holds those that were read before."""
    import numpy as np

    if name in known:
        return known[name]
    glyph = table[name]
    parts = [np.empty((0, 4), np.int64)]
    if glyph.isComposite():
        for part in glyph.components:
            # in 1/2^14, as the font stores them, of which the reader makes dyadic fractions
            rows = np.array(getattr(part, "transform", ((1, 0), (0, 1)))) * 2**14
            points = _outline(table, part.glyphName, known).reshape(-1, 2)
            place = np.array([part.x, part.y]) * UNITS
            parts.append(((points @ rows.astype(np.int64) + 2**13 >> 14) + place).reshape(-1, 4))
    elif glyph.numberOfContours > 0:
        points, ends, flags = glyph.getCoordinates(table)
        for start, end in zip([0, *(end + 1 for end in ends)], ends, strict=False):
            those = slice(start, end + 1)
            contour = [(int(x), int(y)) for x, y in points[those]]
            if len(contour) > 2:  # fewer enclose nothing; fonts mark places by them
                parts.append(np.array(list(edges(contour, [bool(flag & 1) for flag in flags[those]]))))
    known[name] = np.concatenate(parts)
    return known[name]


def edges(points: Sequence[Point], on: Sequence[bool]) -> Iterator[tuple[int, int, int, int]]:
    """The edges of a closed contour, in 1/UNITS of the points' units; between two points off the curve is one on it."""
    path: list[tuple[Point, bool]] = []  # doubled, so that the middle of two points is whole
    for place, ((x, y), here) in enumerate(zip(points, on, strict=True)):
        (before_x, before_y), before = points[place - 1], on[place - 1]
        if not here and not before:
            path.append(((before_x + x, before_y + y), True))
        path.append(((2 * x, 2 * y), here))
    first = next(place for place, (_, here) in enumerate(path) if here)
    path = [*path[first:], *path[: first + 1]]
    start, control = path[0][0], None
    for point, here in path[1:]:
        if not here:
            control = point
            continue
        last = _curve(start, start, start, 0)
        if control is None:
            yield *last, *_curve(point, point, point, 0)
        else:
            for i in range(1, CHORDS + 1):
                following = _curve(start, control, point, i)
                yield *last, *following
                last = following
        start, control = point, None


def _curve(start: Point, control: Point, end: Point, i: int) -> Point:
    """CHORDS squared times a curve's point at i / CHORDS."""
    a, b, c = (CHORDS - i) ** 2, 2 * i * (CHORDS - i), i**2
    return a * start[0] + b * control[0] + c * end[0], a * start[1] + b * control[1] + c * end[1]


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
    """(count, side, side) bool: which samples lie inside the outline of edges (E, 4); edge e is image `owners`[e]'s.

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
    """(N, H / samples, W / samples) uint8: 255 times the share of a block's samples that are inside, rounded."""
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
