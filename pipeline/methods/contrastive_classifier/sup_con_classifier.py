"""The encoder learns from supervised contrast alone, and a linear layer is fitted to it afterwards."""

from pipeline.methods.contrastive_classifier import ContrastiveClassifier


class SupConClassifier(ContrastiveClassifier):
    """L = mean_i -1/|P(i)| sum_{p in P(i)} log exp(z_i . z_p / tau) / sum_{a != i} exp(z_i . z_a / tau), z unit.

    Khosla et al. (2020), equation 2, on two views: the reference of the paper, which adds a ReLU and bound batches.
    tau = 0.1 is SupCon's; of this paper only abstract and contents could be read.
    """

    paper = "sup_con_geometry"
