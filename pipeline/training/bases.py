"""What a run builds on, as its method is given it."""

from collections.abc import Iterable, Sequence

from pipeline.contract import Bundle, Method


def joined(methods: Sequence[Method], names: Iterable[str] | None) -> Method | None:
    """The trained methods as `context.base`, frozen: the only one, or several by their names; None for none."""
    if not methods:
        return None
    base = Bundle(dict(zip(names, methods, strict=True))) if names else methods[0]
    return base.eval().requires_grad_(False)
