"""The page at ``/``: what runs here and where to look. It loads nothing from anywhere."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from gridobs_exporters.pages import HTML, Response, Route

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #777; --accent: #0b6e4f }
@media (prefers-color-scheme: dark) { :root { --soft: #aaa; --accent: #5cc9a2 } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1.25rem }
header { border-bottom: 3px solid var(--accent); padding-bottom: .75rem; margin-bottom: 1.5rem }
h1 { font-size: 1.6rem; margin: 0 }
h2 { font-size: 1rem; margin: 2rem 0 .25rem; color: var(--soft); font-weight: 600 }
p { margin: 0; color: var(--soft) }
table { border-collapse: collapse; width: 100% }
td { border-bottom: 1px solid var(--line); padding: .5rem 0; vertical-align: top }
td:first-child { width: 12rem; padding-right: 1rem }
a { color: var(--accent); text-decoration: none; font-family: ui-monospace, monospace }
a:hover { text-decoration: underline }
"""


def landing(version: str, collectors: Mapping[str, str], routes: Sequence[Route], *, metrics_path: str) -> Route:
    """The page that leads to ``routes``, of which it shows those that say what they are about.

    ``collectors`` maps the names of those that run to what they look at.
    """
    runs = [(f"{metrics_path}?collect[]={quote(name)}", name, about) for name, about in collectors.items()]
    pages = [(route.path, route.path, route.about) for route in routes if route.about]
    body = (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>gridobs-exporter</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{_STYLE}</style>\n"
        f"<header><h1>gridobs-exporter</h1><p>Version {escape(version)}</p></header>\n"
        f"<h2>Collectors</h2>\n{_table(runs)}<h2>Pages</h2>\n{_table(pages)}</html>\n"
    ).encode()
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'"
    response = Response(body=body, content_type=HTML, headers={"Content-Security-Policy": policy})
    return Route(path="/", answer=lambda _: response, always=True)


def _table(rows: Sequence[tuple[str, str, str]]) -> str:
    cells = "".join(
        f'<tr><td><a href="{escape(link)}">{escape(name)}</a><td>{escape(about)}\n' for link, name, about in rows
    )
    return f"<table>\n{cells}</table>\n"
