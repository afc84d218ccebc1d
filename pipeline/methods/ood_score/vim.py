"""What of a feature lies outside the directions that training data fill competes with the classes as a logit."""

from pipeline.contract import Tensor, nn, setting, torch
from pipeline.methods.ood_score import OODScore, Validation


class ViM(OODScore):
    """-ViM(x) up to a monotone map: log sum_k exp l_k(x) - l_0(x), l_0 = alpha ||R^T (phi(x) - o)|| (equations 5 to 7).

    The paper's score is the softmax probability exp(l_0) / (sum_k exp l_k + exp(l_0)) of the virtual class, which falls
    where ours, that of the authors' code, rises. phi is the pooled penultimate layer; the origin o = -(W^T)^+ b is
    where all logits are 0. R are the eigenvectors of the training features' second moments about o without the
    `principal` first, and alpha makes the mean of l_0 over the training examples that of their largest logit.
    principal = 0 stands for half of the dimensions, what the authors' code takes for less than 768.
    """

    paper = "vim"
    principal: int = setting(0, unit="dimensions (0: half)", low=0)

    def fit(self, validation: Validation) -> dict[str, float]:
        features = self.penultimate(validation.train_inputs)
        head = self.model.head
        assert isinstance(head, nn.Linear)
        self.origin = -torch.linalg.pinv(head.weight.double()) @ head.bias.double()
        centred = features - self.origin
        vectors = torch.linalg.eigh(centred.T @ centred / len(centred)).eigenvectors
        kept = min(self.principal or features.shape[1] // 2, features.shape[1] - 1)
        self.residual_space = vectors[:, : features.shape[1] - kept]  # eigenvalues ascend
        largest = self.read(features).amax(1).mean()
        self.alpha = float(largest / self.residual(features).mean().clamp_min(1e-12))
        return {"alpha": self.alpha}

    def residual(self, features: Tensor) -> Tensor:
        return ((features - self.origin) @ self.residual_space).norm(dim=1)

    def score(self, inputs: Tensor) -> Tensor:
        features = self.model.encoder(inputs).double()
        return self.read(features).logsumexp(1) - self.alpha * self.residual(features)
