"""What the report's pages share: templates, and the names of places in them."""

import functools
from pathlib import Path
from typing import Any

from pipeline.exhibits import labels

TEMPLATES = Path(__file__).parents[1] / "templates"


def render(template: str, **values: Any) -> str:
    """A page; all that is written into it is escaped."""
    return str(_environment().get_template(template).render(values)).rstrip() + "\n"


@functools.cache
def _environment() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "ensure_ascii": False}
    environment.filters.update(metric=labels.metric, words=labels.words, count=labels.count, breakable=_breakable)
    return environment


def table_anchor(variant: str) -> str:
    """The place of a variant's table on its study's page."""
    return f"table-{variant}"


def _breakable(name: str) -> Any:
    """A key that may go on in a new line after each underscore."""
    from markupsafe import Markup

    return Markup("_<wbr>").join(name.split("_"))
