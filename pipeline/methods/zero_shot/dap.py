"""Each attribute is predicted by itself, and a class is as likely as its attributes are together."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, nn
from pipeline.methods.zero_shot import ZeroShot


class DAP(ZeroShot):
    """p(c | x) ~ prod_m p(a_m^c | x) / p(a_m^c) with a logistic regression p(a_m | x) for each attribute m (Lampert et
    al. 2014); p(a_m) is the attribute's frequency among seen classes.

    Ours: logistic regressions of frozen features, trained together by steps; the paper has support vector machines,
    whose answers it turns into probabilities. No paper of the catalogue is its source.
    """

    paper = ""

    def build(self, context: Context) -> None:
        super().build(context)
        self.predict = nn.Linear(self.width, self.attributes.shape[1])

    def objective(self, features: Tensor, labels: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(self.predict(features), self.attributes[labels])

    def logits(self, features: Tensor) -> Tensor:
        share = self.attributes[: self.seen].mean(0)
        # all seen classes may have an attribute: then it tells nothing
        prior = share.clamp(0.5 / self.seen, 1 - 0.5 / self.seen).logit()
        # log p(a) - log(1 - p(a)) is the logit; terms that all classes have alike are left out
        found: Tensor = (self.predict(features) - prior) @ self.attributes.T
        return found
