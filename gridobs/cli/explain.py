"""``gridobs explain``: what a code is about."""

from __future__ import annotations

import difflib
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from gridobs import explanations
from gridobs.codes import Code
from gridobs.errors import UsageError

_WIDTH = 100


def explain(
    code: Annotated[str | None, typer.Argument(help="Such as GO205. [default: list all]", show_default=False)] = None,
) -> None:
    """Say what a code of a problem means, why it matters, and what is wrong and right."""
    if code is None:
        for one in Code:
            typer.echo(f"{one}  {explanations.explain(one).title}")
        return
    text, console = explanations.explain(_known(code)).markdown, Console()
    if not console.is_terminal:
        typer.echo(text, nl=False)
        return
    console.width = min(console.width, _WIDTH)
    console.print(Markdown(text))


def _known(text: str) -> Code:
    try:
        return Code(text.strip().upper())
    except ValueError:
        near = difflib.get_close_matches(text.strip().upper(), list(Code), n=1)
        cure = f"did you mean {near[0]}?" if near else "gridobs explain lists all"
        raise UsageError(f"{text} is not a code; {cure}") from None
