"""Whether an iterative solver reached what it was after, and how a run comes to know where it did not."""

import warnings


class NotConverged(UserWarning):
    """A solver stopped at its limit of steps: what rests on its answer is not what its name says."""


def not_converged(what: str, iterations: int, left: str) -> None:
    """Warn that `what` was stopped after so many steps; `left` says what was still to be done.

    The stages of a run collect these warnings and write them into its record.
    """
    warnings.warn(f"{what} did not converge: stopped after {iterations} steps, {left}", NotConverged, stacklevel=2)
