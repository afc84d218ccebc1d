"""What solvers warn of while a run trains or is evaluated, for its record."""

import contextlib
import warnings
from collections.abc import Iterator

from pipeline.ops.convergence import NotConverged


@contextlib.contextmanager
def unconverged() -> Iterator[list[str]]:
    """The texts of the warnings of solvers that did not converge inside, each once; complete when it is left.

    Other warnings are shown as usual.
    """
    found: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("always", NotConverged)
        show = warnings.showwarning

        def note(message: Warning | str, category: type[Warning], *rest: object, **further: object) -> None:
            if issubclass(category, NotConverged):
                found.extend([str(message)] * (str(message) not in found))
            else:
                show(message, category, *rest, **further)  # type: ignore[arg-type]

        warnings.showwarning = note
        yield found
