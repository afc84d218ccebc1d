import pytest
import torch

from pipeline.methods.label_retrieval.decoupled_softmax import DecoupledSoftmax
from pipeline.methods.label_retrieval.label_softmax import LabelSoftmax
from tests.kit.label_retrieval import POSITIVES, batch, labels, log_softmax_of, per_positive, retriever, scores


def test_each_positive_is_held_against_the_negatives_alone():
    s = scores().tolist()

    def term(b, p):
        others = [v for j, v in enumerate(s[b]) if j not in POSITIVES[b]]
        return log_softmax_of([s[b][p], *others], 0)

    assert DecoupledSoftmax().objective(scores(), labels()).item() == pytest.approx(per_positive(term))


def test_with_one_label_a_query_it_is_the_softmax():
    one = labels([(b % 6,) for b in range(8)])
    found, plain = (cls().objective(scores(), one) for cls in (DecoupledSoftmax, LabelSoftmax))
    torch.testing.assert_close(found, plain)


def test_no_positive_is_ever_pushed_down_where_the_softmax_pushes_the_surest():
    y = labels()
    gradients = []
    for cls in (DecoupledSoftmax, LabelSoftmax):
        s = scores().requires_grad_()
        cls().objective(s, y).backward()
        gradients.append(s.grad[y > 0])
    assert (gradients[0] < 0).all() and (gradients[1] > 0).any()


def test_scores_are_cosines_of_the_mean_of_pieces_with_the_labels_images():
    method, data = retriever(DecoupledSoftmax).eval(), batch()
    quarters = [data.views[0][:, :, r : r + 4, c : c + 4] for r in (0, 4) for c in (0, 4)]
    embedded = sum(method.encoder(part) for part in quarters) / 4
    documents = method.encoder(method.documents)
    found = method.scores(data.views[0])
    torch.testing.assert_close(found, torch.cosine_similarity(embedded[:, None], documents[None], dim=2))
    torch.testing.assert_close(method.features(data.views[0]), embedded)
    torch.testing.assert_close(method.loss(data), method.objective(found / 0.05, data.labels))
