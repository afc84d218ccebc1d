"""The network half way between two trained ones, in a straight line of weights: how high the loss is between minima."""

from pipeline.contract import Bundle, Context, setting
from pipeline.methods.classifier import Classifier
from pipeline.ops.weight_lines import mixed


class HalfWay(Classifier):
    """w = (1 - t) w_1 + t w_2, weights and running statistics alike; t = 1/2. Nothing is trained."""

    paper = ""
    trains = False
    builds_on = True
    bases = ("first", "second")
    share: float = setting(0.5, unit="share of the way", low=0.0, high=1.0)

    def build(self, context: Context) -> None:
        super().build(context)
        assert isinstance(context.base, Bundle)
        self.ends = [{**context.base[name].state_dict()} for name in self.bases]
        self.go(self.share)

    def go(self, share: float) -> None:
        """To this share of the way, which may lie beyond either end."""
        own = self.state_dict()
        start, end = ({name: state[name] for name in own} for state in self.ends)
        self.load_state_dict(mixed(start, end, share))
