"""The answer is an exponential average of the weights over the last steps, whose noise cancels out."""

from pipeline.contract import setting
from pipeline.methods.averaged import Averaged
from pipeline.ops.ema import follow


class EMA(Averaged):
    """w' <- decay w' + (1 - decay) w after every step (Polyak's averaging with forgetting). Textbook."""

    paper = ""
    decay: float = setting(0.999, low=0.0, high=1.0)

    def after_step(self) -> None:
        follow(self.average, self.learning, self.decay)
