"""The surrogate of a search without gradients is kept from being sharp."""

from pipeline.methods.surrogate.hill_climbing import HillClimbing
from pipeline.methods.surrogate.ignite import Ignite


class HillClimbingIgnite(Ignite, HillClimbing):
    """IGNITE's training; its surrogate is searched by hill climbing."""

    paper = "ignite"
