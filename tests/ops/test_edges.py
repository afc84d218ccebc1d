"""Edges of a step between two greys, pixel by pixel."""

import torch

from pipeline.ops.edges import edges


def test_edges_are_where_a_neighbour_is_brighter():
    image = torch.zeros(1, 1, 5, 6)
    image[..., 3:] = 2.0
    expected = torch.zeros(5, 6)
    expected[:, 2] = 2.0
    assert torch.equal(edges(image)[0, 0], expected)
    torch.testing.assert_close(edges((image - 0.3) / 0.5), edges(image) / 0.5), "edges know no mean grey"
