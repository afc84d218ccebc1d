"""Adam with one second moment for each tensor of the network, between one for all and one for each coordinate."""

from pipeline.methods.optimizer.ada_sgd import AdaSGD


class BlockwiseAdam(AdaSGD):
    """w_b <- w_b - lr m^_b / (sqrt(v^_b) + 1e-8), v_b the average of mean g^2 over block b (algorithm 3).

    Blocks are the network's tensors.
    """

    paper = "adam_linf"
    together = False
