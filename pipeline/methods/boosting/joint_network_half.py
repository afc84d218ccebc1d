"""Half of the units of a network fitted as a whole are taken out: what is lost where no unit comes first."""

from pipeline.contract import Tensor
from pipeline.methods.boosting.joint_network import JointNetwork


class JointNetworkHalf(JointNetwork):
    """JointNetwork, of which every other unit is evaluated. Units are drawn alike, so that these are a random half."""

    paper = "gbnn"

    def contributions(self, rows: Tensor) -> Tensor:
        hidden = self.network.hidden(rows, int(self.used))
        hidden[..., 1::2] = 0
        return hidden @ self.network.outside + self.network.shift
