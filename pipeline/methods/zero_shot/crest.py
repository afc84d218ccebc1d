"""Two pathways give evidence for each class, one from features and one from predicted attributes; what each doubts
says how far it counts."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, nn, setting, torch
from pipeline.methods.zero_shot import ZeroShot
from pipeline.ops.evidential import combined, expected_cross_entropy, misleading, opinion


class CREST(ZeroShot):
    """Evidence e_c = softplus(score_c). Visual pathway: score_c = (M x)^T a_c / |a_c|; attribute pathway: q =
    sigmoid(W x), score_c = s (2 q - 1)^T (2 a_c - 1) / A - t, with s and t learned. With alpha = e + 1 and S = sum
    alpha,

    L = sum over both of psi(S) - psi(alpha_y) + r KL(Dir(alpha~) || Dir(1)), plus the hard negative's hinge (1 - u)
    [margin + log b_n - log b_y]_+ on the fused beliefs, n the wrong class with most; r = min(1, 2 progress) times
    `regulariser`. The answer is the fused belief by Dempster's rule.

    The paper's formulas could not be found, and its code is withheld: from its abstract are the two pathways,
    evidential learning, fusion by uncertainty, and hard negatives weighted by it. All else is ours, by the usual
    evidential loss (Sensoy et al. 2018) and fusion (Han et al. 2021), on whole features where the paper grounds
    regions.
    """

    paper = "crest"
    margin: float = setting(0.5, low=0.0)
    hard_negatives: float = setting(0.1, unit="weight of the hinge", low=0.0)
    regulariser: float = setting(0.01, low=0.0)
    answers: str = setting("fused", choices=("fused", "visual", "attribute"))

    def build(self, context: Context) -> None:
        super().build(context)
        self.visual = nn.Linear(self.width, self.attributes.shape[1])
        self.predict = nn.Linear(self.width, self.attributes.shape[1])
        self.sharpness = nn.Parameter(torch.tensor(10.0))
        self.threshold = nn.Parameter(torch.tensor(10.0))

    def evidence(self, features: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """(B, count) of either pathway for the first classes."""
        owned = self.attributes[:count]
        visual = self.visual(features) @ F.normalize(owned).T
        agreement = (2 * self.predict(features).sigmoid() - 1) @ (2 * owned - 1).T / owned.shape[1]
        return F.softplus(visual), F.softplus(self.sharpness * agreement - self.threshold)

    def opinions(self, features: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
        """Beliefs (B, C) and doubts (B,) of either pathway and of both."""
        visual, attribute = (opinion(each) for each in self.evidence(features, len(self.attributes)))
        return {"visual": visual, "attribute": attribute, "fused": combined(visual, attribute)}

    def objective(self, features: Tensor, labels: Tensor) -> Tensor:
        both = self.evidence(features, self.known)
        rate = self.regulariser * min(1.0, 2 * self.progress)
        loss = sum(expected_cross_entropy(each, labels) + rate * misleading(each, labels) for each in both)
        beliefs, doubt = combined(*(opinion(each) for each in both))
        logs = beliefs.clamp_min(1e-12).log()
        right = logs.gather(1, labels[:, None]).squeeze(1)
        hardest = logs.scatter(1, labels[:, None], -torch.inf).amax(1)
        hinge = (1 - doubt.detach()) * (self.margin + hardest - right).relu()
        return (loss + self.hard_negatives * hinge).mean()

    def logits(self, features: Tensor) -> Tensor:
        return self.opinions(features)[self.answers][0]

    def doubts(self, features: Tensor) -> Tensor:
        return self.opinions(features)[self.answers][1]
