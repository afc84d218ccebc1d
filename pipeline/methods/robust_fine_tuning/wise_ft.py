"""Half the way back to the base in a straight line of weights, after fine-tuning."""

from pipeline.contract import setting
from pipeline.methods.robust_fine_tuning import PARTS, Merging
from pipeline.ops.weight_lines import mixed


class WiSEFT(Merging):
    """w = (1 - a) w_0 + a w_ft of Wortsman et al. (2022), at their a = 0.5, chosen without looking at other domains.

    CLIP has no batch statistics; here they are renewed, see `Merging`.
    """

    paper = "clip_interpolation"
    a: float = setting(0.5, unit="share of the way from the base", low=0.0, high=1.0)

    def merge(self) -> float:
        for part in PARTS:
            now, before = dict(getattr(self, part).named_parameters()), getattr(self.anchor, part)
            for name, value in mixed(dict(before.named_parameters()), now, self.a).items():
                now[name].copy_(value)
        return self.a
