"""Half of the units of a network fitted as a whole are taken out: what is lost where no unit comes first."""

from pipeline.contract import Tensor
from pipeline.methods.boosting.joint_network import JointNetwork


class JointNetworkHalf(JointNetwork):
    """JointNetwork, of which every other unit predicts. Units are drawn alike, so that these are a random half."""

    paper = "gbnn"

    def predict(self, features: Tensor) -> Tensor:
        hidden, network = self.network.hidden(features, 1)[0], self.network
        return (hidden[:, ::2] @ network.outside[0, ::2] + network.shift[0])[:, 0].float()
