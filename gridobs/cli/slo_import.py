"""``gridobs slo import``: SLOs of Sloth and Pyrra in, OpenSLO out."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from gridobs import sources
from gridobs.errors import SourceError
from gridobs.slo.importing.dispatch import import_documents

_STDIN = Path("<stdin>")


def import_(
    file: Annotated[Path, typer.Argument(help="A YAML file of Sloth or Pyrra; - reads standard input.")],
) -> None:
    """Write the SLOs of Sloth or Pyrra as OpenSLO v1; what OpenSLO cannot say is an error."""
    documents = _standard_input() if file == Path("-") else sources.read(file)
    typer.echo(import_documents(documents).encode(), nl=False)


def _standard_input() -> tuple[sources.Document, ...]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "stdin.yaml")
        path.write_bytes(sys.stdin.buffer.read())
        try:
            documents = sources.read(path)
        except SourceError as error:
            raise SourceError([replace(problem, path=_STDIN) for problem in error.problems]) from None
    return tuple(replace(document, path=_STDIN) for document in documents)
