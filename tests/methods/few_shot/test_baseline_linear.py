"""Logistic regression of each episode is that of scikit-learn."""

import pytest
from sklearn.linear_model import LogisticRegression

from pipeline.methods.few_shot.baseline_linear import BaselineLinear
from tests.kit.few_shot import episodes


@pytest.mark.parametrize("shots", [1, 4])
def test_against_scikit_learn(shots):
    support, labels, queries, _ = episodes(shots)
    found = BaselineLinear().classify(support, labels, queries).softmax(2)
    for e in range(4):
        theirs = LogisticRegression(C=1.0, tol=1e-8, max_iter=5000).fit(support[e].numpy(), labels[e].numpy())
        assert abs(theirs.predict_proba(queries[e].numpy()) - found[e].numpy()).max() < 2e-3
