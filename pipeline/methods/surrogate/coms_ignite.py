"""A surrogate that thinks little of what a search would find is kept from being sharp as well."""

from pipeline.methods.surrogate.coms import Coms
from pipeline.methods.surrogate.ignite import Ignite


class ComsIgnite(Ignite, Coms):
    """IGNITE's bound on |grad_w mean g(x)| beside the loss of conservative objective models."""

    paper = "ignite"
