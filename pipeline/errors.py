"""Errors a person can mend: one line that names the key, the value and what would be right."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Bad input. The command line prints the message as one line on standard error and exits with 2."""


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'simclr'?` for a near miss, else the list of what is known."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known: {', '.join(names)}" if names else ""


def unknown(what: str, name: object, known: Iterable[str], where: str = "") -> UserError:
    """The error for a name that nothing answers to."""
    return UserError(f"{where + ': ' if where else ''}unknown {what} '{name}'{nearest(str(name), known)}")
