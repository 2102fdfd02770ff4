"""YAML read by libyaml, an order of magnitude sooner than by Python, wherever both read the same.

libyaml takes some texts that PyYAML's own parser refuses, words errors otherwise, and places what is empty elsewhere.
So it reads only what comes out alike; all else, and every error, is for the other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

_APART = re.compile(r"[?!\t\r\x85\u2028\u2029\ufeff]|^%|:\s*[,}\]]|[|>]\S*#", re.MULTILINE)
"""Complex keys, tags, tabs, odd line breaks, directives, no value in braces, no space before a comment."""


def compose(text: str) -> list[yaml.Node]:
    """The root of each document of ``text``; none where Python must have its say, or without libyaml."""
    if not yaml.__with_libyaml__ or _APART.search(text):
        return []
    loader = yaml.CSafeLoader(text)
    composer = _Composer(loader)
    roots: list[yaml.Node] = []
    try:
        while composer.check_node():
            roots += filter(None, [composer.get_node()])
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
        return []
    finally:
        loader.dispose()
    return [] if any(isinstance(root, yaml.ScalarNode) for root in roots) else roots


class _Composer(yaml.composer.Composer):
    """PyYAML's own, on the events of libyaml: that of CSafeLoader overflows the C stack on what is nested deeply."""

    def __init__(self, loader: yaml.CSafeLoader) -> None:
        super().__init__()
        self.check_event, self.get_event, self.peek_event = loader.check_event, loader.get_event, loader.peek_event
        self.resolve: Callable[..., str] = loader.resolve
        self.descend_resolver, self.ascend_resolver = loader.descend_resolver, loader.ascend_resolver
