"""Linear bounds that say where a counterexample can be at all cut the boxes that are left to verify."""

from typing import Any

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.branch_and_bound import Found, counterexample_radius, false, raised, search, verified_radius
from pipeline.ops.crown import outputs
from pipeline.ops.relu_networks import trained
from pipeline.ops.small_sets import images

CLASSES, WIDTHS, STEPS = 4, [20, 20], 100


class ClipAndVerify(Sweep):
    """Input-split branch and bound with CROWN, plain, with relaxed clipping and with complete clipping.

    A property says that a class j is predicted nowhere in a box around a digit. A counterexample has z_k - z_j <= 0 for
    every other class k, and so fulfils every linear lower bound of these: constraints g_k.x + h_k <= 0, which come with
    bounding and hold in the halves of the box as well. Zhou, Chavez, Chen, Hanasusanto and Zhang 2025:
    *relaxed* clipping shrinks a box coordinate by coordinate in closed form; *complete* clipping besides minimises the
    linear bounds of hidden units over box and constraints by coordinate ascent in the dual (`ops.domain_clipping`).

    A subproblem is a box that is bounded. What is verified by one of the bounds, or empty, is dropped; the others are
    halved where |g_j| times the width is greatest. A counterexample at a centre, or at the corner where the bounds are
    least in sum, ends the search.

    Networks have two hidden layers of 20 and tell four digits apart in their main directions; the sizes are how many.
    Each repetition has a network, a digit and the most likely wrong class, and a box whose radius lies 0.4 to 0.9 of
    the way from what CROWN alone verifies to where a corner that it points to is a counterexample; `beyond` makes all
    properties fail. Ours are these sizes, the parent's constraints alone, and one round of coordinate ascent.
    """

    paper = "clip_and_verify"
    swept = "inputs"

    smallest: int = setting(2, low=2)
    largest: int = setting(6, low=3, high=16)
    steps: int = setting(3, low=2)
    limit: int = setting(4000, low=1)
    """Subproblems, after which a search is given up."""
    beyond: float = setting(0.0, low=0.0)
    """Added to the share of that way."""
    unsound: bool = setting(False)
    """The control: constraints from upper bounds, which counterexamples need not fulfil."""

    def draw(self, size: int, random: Random) -> dict[str, Any]:
        inputs, labels = images(CLASSES, 300, size, random)
        layers = trained(inputs[:200], labels[:200], CLASSES, WIDTHS, STEPS, random)
        logits = outputs(layers, inputs[200:])
        chosen = np.flatnonzero(logits.argmax(1) == labels[200:])[0]
        order = logits[chosen].argsort()
        compared = np.delete(np.eye(CLASSES), order[-2], 0)
        compared[:, order[-2]] = -1
        centre = inputs[200 + chosen]
        easy = verified_radius(layers, centre, compared)
        hopeless = counterexample_radius(layers, centre, compared, easy)
        radius = easy + (random.uniform(0.4, 0.9) + self.beyond) * (hopeless - easy)
        points = centre + radius * random.uniform(-1, 1, (2000, size))
        points = points[false(layers, points, compared)]
        return {"layers": layers, "centre": centre, "radius": radius, "compared": compared, "points": points}

    def measure(self, sample: dict[str, Any], size: int) -> dict[str, float]:
        found = {clipping: self._search(sample, clipping) for clipping in ("", "relaxed", "complete")}
        kept = {clipping: self._search(sample, clipping, levels=6) for clipping in ("relaxed", "complete")}
        plain = found.pop("")
        rises = raised(sample["layers"], sample["centre"], sample["radius"], sample["compared"], self.unsound)
        return {
            "subproblems": float(plain.subproblems),
            "undecided": float(not plain.verdict),
            "falsified": float(plain.verdict == "falsified"),
            **{f"subproblems_{name}": float(each.subproblems) for name, each in found.items()},
            "undecided_clipped": float(not all(each.verdict for each in found.values())),
            "other_verdict": float(len({each.verdict for each in (plain, *found.values()) if each.verdict}) > 1),
            "lost": float(any(each.lost for each in kept.values())),
            **{f"raised_{name}": rise for name, rise in rises.items()},
        }

    def _search(self, sample: dict[str, Any], clipping: str, levels: int = 0) -> Found:
        return search(**sample, clipping=clipping, limit=self.limit, unsound=self.unsound, levels=levels)

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        log = {name: np.log(values) for name, values in curves.items() if name.startswith("subproblems")}
        relaxed = log["subproblems_relaxed"] - log["subproblems"]
        complete = log["subproblems_complete"] - log["subproblems"]
        return {
            "log_ratio_relaxed": relaxed.mean(1),
            "log_ratio_complete": complete.mean(1),
            "log_ratio_beyond": (complete - relaxed).mean(1),
            "violation_order": (complete > relaxed).any(1).astype(np.float64),
            "violation_verdict": curves["other_verdict"].max(1),
            "violation_lost": curves["lost"].max(1),
            "violation_looser": (curves["raised_complete"] < -1e-9).any(1).astype(np.float64),
            "gap_relaxed": curves["raised_relaxed"].mean(1),
            "gap_complete": curves["raised_complete"].mean(1),
            "level_undecided": curves["undecided"].mean(1),
            "level_undecided_clipped": curves["undecided_clipped"].mean(1),
            "level_falsified": curves["falsified"].mean(1),
        }
