"""Errors a person can mend: one line that names the key, the value and what would be right."""

import difflib
import os
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

LONGEST = 80
"""Letters of a value that a message repeats."""


HIDDEN = "***"
SECRET = re.compile(
    r"(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CONNECTION_STRING|(ACCESS|SECRET|API|PRIVATE|ACCOUNT)_KEY(_ID)?)$", re.I
)
"""Ends of the names of variables that hold a secret."""
SPELLED = (
    re.compile(r"(?<=://)(?!/)\S*(?=@)"),
    re.compile(r"(?<=[?&])(\w*(?:pass|pwd|secret|token|key|sig|cred|auth)\w*=)[^&\s'\"]+", re.I),
    re.compile(r"(\b(?:password|passwd)=)[^&\s'\"]+", re.I),
    re.compile(r"(\bauthorization\W{1,5}(?:basic |bearer )?)\S+", re.I),
)
"""What a credential looks like in a text: before an address's host, among its parameters, in a database's or a header's
words. Rather too much is hidden than too little."""


class UserError(Exception):
    """Bad input. The command line prints the message as one line on standard error and exits with 2.

    Whoever shows the message shows no credential.
    """

    def __init__(self, message: str) -> None:
        super().__init__(redacted(message))


class Absent(Exception):  # noqa: N818
    """A metric has no value for a run: the message says why, for the run's record, as part of a sentence."""


def redacted(text: str) -> str:
    """A text without credentials: those in addresses, and what variables of the environment hold."""
    for spelling in SPELLED:
        text = spelling.sub(lambda found: (found.group(1) if found.re.groups else "") + HIDDEN, text)
    for secret in sorted(set(_secrets()), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def _secrets() -> Iterator[str]:
    """The secrets of the environment, also as libraries decode them; none so short that it is part of words."""
    for name, value in os.environ.items():
        scheme, _, rest = value.partition("://")
        address = re.fullmatch(r"[\w+.-]+", scheme) and not rest.startswith("/")
        secret = rest.rpartition("@")[0] if address else value if SECRET.search(name) else ""
        for part in (secret, secret.partition(":")[2]):
            yield from (each for each in (part, unquote(part)) if len(each) > 3)


def shown(value: object) -> str:
    """A value as a message repeats it: as Python writes it, on one line, and cut where it is long."""
    text = redacted(repr(value))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 4]} ...{text[-1] if isinstance(value, str) else ''}"


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'simclr'?` for a near miss, else the list of what is known."""
    names = sorted(known)
    close = difflib.get_close_matches(name[:LONGEST], names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known: {', '.join(names)}" if names else ""


def unknown(what: str, name: object, known: Iterable[str], where: str = "") -> UserError:
    """The error for a name that nothing answers to."""
    return UserError(f"{where + ': ' if where else ''}unknown {what} {shown(str(name))}{nearest(str(name), known)}")
