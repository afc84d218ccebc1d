"""A straight line through everything: linear regression with a penalty on its weights, in closed form."""

from pipeline.contract import Context, TrainingSet, nn, setting, torch
from pipeline.methods.regression import Regressor


class Ridge(Regressor):
    """min_w,b sum_i (w . x_i + b - y_i)^2 + penalty |w|^2, on standardised columns; b is not penalised (Hoerl 1970).

    Solved at once, in float64. No paper of the catalogue is its source.
    """

    paper = ""
    views: tuple[str, ...] = ()
    phases: tuple[float, ...] = (0.0,)
    penalty: float = setting(1.0, low=0.0)

    head: nn.Linear

    def build(self, context: Context) -> None:
        self.encoder = nn.Flatten()
        self.head = nn.Linear(torch.Size(context.inputs.shape).numel(), 1)

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        rows = torch.cat([self.encoder(part) for part in training.plain()]).double()
        targets = training.labels.double()
        centre, level = rows.mean(0), targets.mean()
        x, y = rows - centre, targets - level
        penalties = self.penalty * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
        # where columns are sums of others and nothing is penalised, the shortest solution
        weights = torch.linalg.pinv(x.T @ x + penalties, hermitian=True) @ x.T @ y
        self.head.weight.copy_(weights)
        self.head.bias.copy_(level - centre @ weights)
