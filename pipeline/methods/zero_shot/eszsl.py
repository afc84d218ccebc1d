"""A bilinear score of features and attributes is fitted to plus and minus one in closed form."""

from pipeline.contract import Context, Tensor, setting, torch
from pipeline.methods.zero_shot import Fitted


class ESZSL(Fitted):
    """V = (X^T X + gamma I)^-1 X^T Y S (S^T S + lambda I)^-1, the score of class c is x^T V s_c (Romera-Paredes and
    Torr 2015). X (N, F) features, Y (N, S) is 1 for the right class and -1 else, S (C, A) attributes of
    seen classes.

    It minimises |X V S^T - Y|^2 + gamma |V S^T|^2 + lambda |X V|^2 + gamma lambda |V|^2. The paper chooses both
    strengths among powers of ten on validation classes. Ours: features and attributes have a constant beside them, so
    that the score has a term in each alone; gamma counts in examples. No paper of the catalogue is its source.
    """

    paper = ""
    gamma: float = setting(0.01, unit="of the number of examples", low=1.0e-9)
    lambda_: float = setting(0.1, low=1.0e-9)

    weights: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("weights", torch.zeros(self.width + 1, self.attributes.shape[1] + 1))

    def solve(self, features: Tensor, labels: Tensor) -> None:
        x = _with_one(features)
        s = _with_one(self.attributes.double())[labels.unique()]
        y = 2.0 * (labels[:, None] == labels.unique()).double() - 1
        left = x.T @ x + self.gamma * len(x) * torch.eye(x.shape[1]).to(x)
        right = s.T @ s + self.lambda_ * torch.eye(s.shape[1]).to(s)
        self.weights.copy_(torch.linalg.solve(right, torch.linalg.solve(left, x.T @ y @ s), left=False))

    def logits(self, features: Tensor) -> Tensor:
        return _with_one(features) @ self.weights @ _with_one(self.attributes).T


def _with_one(rows: Tensor) -> Tensor:
    return torch.cat([rows, rows.new_ones(len(rows), 1)], 1)
