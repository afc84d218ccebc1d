import torch

from pipeline.methods.label_retrieval.decoupled_softmax import DecoupledSoftmax
from pipeline.methods.label_retrieval.label_classifier import LabelClassifier
from tests.kit.label_retrieval import batch, labels, retriever, scores
from tests.kit.methods import step


def test_with_the_encoded_labels_as_vectors_it_is_the_dual_encoder():
    own, dual = (retriever(cls).eval() for cls in (LabelClassifier, DecoupledSoftmax))
    with torch.no_grad():
        own.vectors.copy_(dual.encoder(dual.documents))
    torch.testing.assert_close(own.scores(batch().views[0]), dual.scores(batch().views[0]))
    torch.testing.assert_close(own.objective(scores(), labels()), dual.objective(scores(), labels()))


def test_vectors_learn_and_the_labels_images_play_no_part():
    method = retriever(LabelClassifier)
    before = method.vectors.detach().clone()
    method.documents.fill_(torch.nan)
    loss = step(method, batch())
    assert loss.isfinite() and (method.vectors != before).any(1).all()
