import torch

from pipeline.methods.label_retrieval.label_frequency import LabelFrequency
from tests.kit.label_retrieval import CONTEXT_OF_SIX, QUERIES, batch, retriever


def test_scores_are_shares_of_training_queries_whatever_is_shown():
    method = retriever(LabelFrequency)
    found = method.scores(batch().views[0])
    expected = torch.tensor([count / QUERIES for count in CONTEXT_OF_SIX.class_counts])
    torch.testing.assert_close(found, expected.repeat(8, 1))
    assert found[0].argsort(descending=True).tolist() == [2, 0, 4, 1, 3, 5]
