"""Letters drawn from outlines: against exact fractions sample by sample, limits, invariances, real fonts."""

from fractions import Fraction

import numpy as np
import pytest

from pipeline.modalities.images.datasets import glyphs
from pipeline.modalities.images.drawing import lettering
from pipeline.modalities.images.drawing.lettering import SAMPLE, UNITS


def slowly_filled(edges, side):
    """Which samples lie where edges wind around them, by counting those to the left of each, in fractions."""
    inside = np.zeros((side, side), bool)
    for row in range(side):
        for column in range(side):
            x, y = (Fraction(place * SAMPLE + SAMPLE // 2) for place in (column, row))
            winding = 0
            for x0, y0, x1, y1 in edges.tolist():
                if min(y0, y1) <= y < max(y0, y1) and x0 + (y - y0) * Fraction(x1 - x0, y1 - y0) <= x:
                    winding += 1 if y1 > y0 else -1
            inside[row, column] = winding != 0
    return inside


def filled(edges, side):
    return lettering.filled(edges, np.zeros(len(edges), np.int64), 1, side)[0]


def closed(points):
    """The edges of polygons, each a list of points."""
    return np.array([(*a, *b) for each in points for a, b in zip(each, [*each[1:], each[0]], strict=True)], np.int64)


def square(left, top, right, bottom):
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


@pytest.mark.parametrize("seed", range(6))
def test_samples_are_inside_where_exact_winding_numbers_say(seed):
    draws = np.random.default_rng(seed)
    side = 9
    # half of the corners on the grid of half samples, where edges run through samples
    grid = SAMPLE // 2 if seed % 2 else 1
    corners = draws.integers(-SAMPLE, (side + 1) * SAMPLE, (3, 7, 2)) // grid * grid
    edges = closed([list(map(tuple, each)) for each in corners])
    assert np.array_equal(filled(edges, side), slowly_filled(edges, side))


@pytest.mark.parametrize(("face", "letter"), [("DejaVuSans", "é"), ("DejaVuSerif-BoldItalic", "g")])
def test_letters_of_a_font_are_filled_as_fractions_say(face, letter):
    edges = glyphs.outlines(face, [ord(letter)])[0]
    side = 20
    scale = side * SAMPLE * 2**lettering.FRACTION // (2560 * UNITS)
    edges = lettering.turned(edges, np.tile(np.array([[scale, 0], [0, -scale]]), (len(edges), 1, 1)))
    edges[:, 1::2] += 15 * SAMPLE
    image = filled(edges, side)
    assert np.array_equal(image, slowly_filled(edges, side))
    assert 0.05 < image.mean() < 0.5


def test_images_do_not_see_each_other():
    draws = np.random.default_rng(0)
    edges = [closed([list(map(tuple, draws.integers(-500, 3000, (6, 2))))]) for _ in range(4)]
    owners = np.repeat(np.arange(4), 6)
    together = lettering.filled(np.concatenate(edges), owners, 4, 8)
    assert all(np.array_equal(image, filled(each, 8)) for image, each in zip(together, edges, strict=True))


def test_overlaps_of_one_direction_are_filled_and_of_two_are_holes():
    outer, inner = square(0, 0, 1280, 1280), square(256, 256, 768, 768)
    full = filled(closed([outer, inner]), 5)
    assert full.all()
    holed = filled(closed([outer, inner[::-1]]), 5)
    assert np.array_equal(np.argwhere(~holed), [(row, column) for row in (1, 2) for column in (1, 2)])


def test_direction_does_not_matter_and_whole_samples_move_the_image():
    draws = np.random.default_rng(1)
    edges = closed([list(map(tuple, draws.integers(300, 1500, (8, 2))))])
    image = filled(edges, 10)
    assert np.array_equal(filled(edges[:, [2, 3, 0, 1]], 10), image)
    moved = filled(edges + np.tile([2 * SAMPLE, 3 * SAMPLE], 2), 10)
    assert np.array_equal(moved, np.roll(image, (3, 2), (0, 1))) and image.any()


def test_neighbours_share_no_sample_and_leave_none_out():
    """A sample on the border of two polygons belongs to one of them."""
    middle = [(640, -10), (384, 384), (640, 640), (640, 1300)]
    left, right = [(-10, -10), *middle, (-10, 1300)], [*middle[::-1], (1300, -10), (1300, 1300)]
    assert np.array_equal(filled(closed([left]), 5), ~filled(closed([right]), 5))


def test_curves_go_through_their_own_points():
    """Quadratic curves, in fractions; points that are not on the curve have one on it between them."""
    points, on = [(0, 0), (7, 30), (51, 11), (40, -20)], [True, False, False, True]
    middle = (Fraction(58, 2), Fraction(41, 2))
    wanted = [(Fraction(0), Fraction(0))]
    for a, b, c in ((points[0], points[1], middle), (middle, points[2], points[3])):
        wanted += [
            tuple((1 - t) ** 2 * a[k] + 2 * t * (1 - t) * b[k] + t**2 * c[k] for k in (0, 1))
            for t in (Fraction(i, 4) for i in range(1, 5))
        ]
    found = list(lettering.edges(points, on))
    assert [(x, y) for x, y, _, _ in found] == [(UNITS * x, UNITS * y) for x, y in wanted]
    assert all(before[2:] == after[:2] for before, after in zip(found, [*found[1:], found[0]], strict=True))
    turned = list(lettering.edges([*points[1:], points[0]], [*on[1:], on[0]]))
    assert sorted(turned) == sorted(found), "a contour may begin off the curve"


def test_a_contour_with_no_point_on_its_curve_is_closed():
    found = list(lettering.edges(square(0, 0, 8, 8), [False] * 4))
    assert len(found) == 16 and found[0][:2] == found[-1][2:] and (4 * UNITS, 0) in [each[:2] for each in found]


def test_letters_are_made_of_their_components():
    e, both, acute = glyphs.outlines("DejaVuSans", [ord("e"), ord("é"), 0x301])
    assert len(both) == len(e) + len(acute), "the place that the accent marks by a single point is no part of it"
    assert {tuple(edge) for edge in e} <= {tuple(edge) for edge in both}


def test_outlines_are_closed_and_none_is_empty():
    for edges in glyphs.outlines("DejaVuSerif-Italic", glyphs.CODES[::20]):
        assert len(edges) > 3
        assert np.array_equal(
            *(np.sort(each.view("i8,i8").ravel()) for each in (edges[:, :2].copy(), edges[:, 2:].copy()))
        )


def test_thicker_strokes_by_single_samples():
    draws = np.random.default_rng(2)
    inside = draws.random((5, 7, 6)) < 0.2
    right, down = np.array([0, 1, 2, 0, 2]), np.array([0, 0, 1, 2, 2])
    made = lettering.thickened(inside, right, down)
    for n, i, j in np.ndindex(made.shape):
        near = inside[n, max(i - down[n], 0) : i + 1, max(j - right[n], 0) : j + 1]
        assert made[n, i, j] == near.any()


def test_grey_levels_are_rounded_shares():
    draws = np.random.default_rng(3)
    inside = draws.random((2, 8, 8)) < 0.5
    made = lettering.averaged(inside, 4)
    for n, i, j in np.ndindex(made.shape):
        share = Fraction(int(inside[n, 4 * i : 4 * i + 4, 4 * j : 4 * j + 4].sum()), 16)
        assert made[n, i, j] == int(255 * share + Fraction(1, 2))


def test_letters_are_moved_inside_as_little_as_can_be():
    extents = np.array([[[-3, 2], [5, 9]], [[1, 4], [8, 12]], [[0, 0], [10, 10]], [[-4, 0], [20, 10]]])
    moves = lettering.inside_frame(extents, np.full((4, 2), 10))
    assert moves.tolist() == [[3, 0], [0, -2], [0, 0], [-3, 0]]


@pytest.mark.parametrize("letter", "oÅj")
def test_moving_a_letter_by_whole_pixels_moves_its_image(letter):
    glyph = glyphs.outlines("DejaVuSans", [ord(letter)])
    scale = 2**lettering.FRACTION * 4 * SAMPLE // (200 * UNITS)
    matrices = np.array([[[scale, 0], [0, scale]]])
    none = np.zeros((1, 2), np.int64)
    level = 775 * UNITS
    still, moved, far = (
        lettering.drawn(glyph, matrices, level, np.array([[x * 4 * SAMPLE, 0]]), none, 16, 4)[0] for x in (0, 2, 40)
    )
    assert np.array_equal(np.roll(still, 2, 1), moved) and still.any()
    assert far[:, -1].any() and abs(int(far.sum()) - int(still.sum())) < 0.1 * still.sum(), "it stays inside"
