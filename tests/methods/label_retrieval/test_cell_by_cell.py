import torch

from pipeline.methods.label_retrieval.cell_by_cell import CellByCell
from pipeline.methods.label_retrieval.decoupled_softmax import DecoupledSoftmax
from tests.kit.label_retrieval import SIZE, batch, labels, retriever, scores
from tests.kit.methods import dot, unit


def test_a_label_has_the_score_of_the_cell_that_fits_it_best():
    draws = torch.Generator().manual_seed(4)
    pieces = torch.randn(SIZE, 4, 5, generator=draws, dtype=torch.float64)
    documents = torch.randn(6, 5, generator=draws, dtype=torch.float64)
    found = CellByCell().compare(pieces, documents)
    for b, cells in enumerate(pieces.tolist()):
        for label, document in enumerate(documents.tolist()):
            best = max(dot(unit(cell), unit(document)) for cell in cells)
            assert abs(found[b, label].item() - best) < 1e-6


def test_of_four_equal_cells_it_makes_what_the_mean_makes():
    own, plain = (retriever(cls).eval() for cls in (CellByCell, DecoupledSoftmax))
    data = batch()
    same = data.views[0][:, :, :4, :4].repeat(1, 1, 2, 2)
    torch.testing.assert_close(own.scores(same), plain.scores(same))
    assert not torch.allclose(own.scores(data.views[0]), plain.scores(data.views[0]))
    torch.testing.assert_close(own.objective(scores(), labels()), plain.objective(scores(), labels()))
