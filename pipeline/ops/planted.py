"""Detecting a planted subgraph: thresholds of tests by union bounds, and what no test can do, by second moments.

Under the null all edges of n vertices are there with probability q; otherwise a uniformly random copy of the subgraph
has its edges with probability p > q. With L the likelihood ratio, E L^2 is the mean of (1 + chi)^overlap over two such
copies, chi = (p - q)^2 / (q (1 - q)), and no test has a sum of errors below 1 - sqrt(E L^2 - 1) / 2.
"""

import numpy as np

LEVEL = 0.05


def degree_threshold(vertices: int, q: float) -> int:
    """The least degree that, of all vertices, any has with probability of at most 5%."""
    from scipy.stats import binom

    return int(binom.isf(LEVEL / vertices, vertices - 1, q)) + 1


def count_threshold(vertices: int, q: float) -> int:
    """The least number of edges that has a probability of at most 5%."""
    from scipy.stats import binom

    return int(binom.isf(LEVEL, vertices * (vertices - 1) // 2, q)) + 1


def clique_threshold(vertices: int, q: float) -> int:
    """The least size of which there is any clique with probability of at most 5%."""
    from scipy.special import gammaln

    sizes = np.arange(2, vertices + 1)
    ways = gammaln(vertices + 1) - gammaln(sizes + 1) - gammaln(vertices - sizes + 1)
    expected = ways + sizes * (sizes - 1) / 2 * np.log(q)
    return int(sizes[expected <= np.log(LEVEL)][0])


def star_moment(vertices: int, leaves: int, chi: float) -> float:
    """E L^2 - 1 for a star: of one centre the leaves overlap, of two at most the edge between them."""
    from scipy.special import logsumexp
    from scipy.stats import hypergeom

    counts = np.arange(leaves + 1)
    logarithm = logsumexp(hypergeom.logpmf(counts, vertices - 1, leaves, leaves) + counts * np.log1p(chi))
    alike = np.expm1(min(float(logarithm), 700.0))  # no overflow where the moment is beyond all use
    return float(alike + (vertices - 1) * chi * (leaves / (vertices - 1)) ** 2) / vertices


def hidden_star(vertices: int, chi: float) -> int:
    """The largest star, in leaves, that no test detects with errors below one half in sum: E L^2 - 1 is at most 1."""
    low, high = 0, vertices - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if star_moment(vertices, middle, chi) <= 1 else (low, middle - 1)
    return low


def matching_moment(vertices: int, chi: float) -> float:
    """E L^2 - 1 for a perfect matching: sum over j of chi^j times the mean number of sets of j common edges."""
    total, term = 0.0, 1.0
    for j in range(vertices // 2):
        # the edges not yet in the set, times the chance of one more in the other matching
        term *= chi * (vertices // 2 - j) / (j + 1) / (vertices - 2 * j - 1)
        total += term
    return total
