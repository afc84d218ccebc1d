"""Classes by a straight line: multinomial logistic regression on the inputs themselves, solved to the optimum."""

from pipeline.contract import Context, TrainingSet, nn, setting, torch
from pipeline.methods.classifier import Classifier
from pipeline.ops.logistic import fit_multinomial


class LogisticRegression(Classifier):
    """min_W,b -sum_i log p_y(x_i) + penalty |W|^2 / 2 with p = softmax(W x + b); b is not penalised.

    Convex, solved at once in float64, until it has converged. Textbook; no paper of the catalogue is its source.
    """

    paper = ""
    views: tuple[str, ...] = ()
    phases: tuple[float, ...] = (0.0,)
    penalty: float = setting(1.0, low=0.0)
    iterations: int = setting(10_000, unit="steps of L-BFGS at most", low=1)

    head: nn.Linear

    def build(self, context: Context) -> None:
        self.encoder = nn.Flatten()
        self.head = nn.Linear(torch.Size(context.inputs.shape).numel(), context.num_classes)

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        rows = torch.cat([self.encoder(part) for part in training.plain()]).double()
        l2, classes = self.penalty / len(rows), self.head.out_features
        found = fit_multinomial(rows, training.labels, classes, l2=l2, iterations=self.iterations)
        weights = found.checked("logistic regression")
        self.head.weight.copy_(weights[:-1].T)
        self.head.bias.copy_(weights[-1])
