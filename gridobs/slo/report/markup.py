"""HTML and SVG as a tree: what is text cannot become markup."""

from __future__ import annotations

from xml.etree.ElementTree import Element, indent, tostring

Child = Element | str | None


def el(tag: str, *children: Child, **attributes: object) -> Element:
    """An element; None leaves a child or an attribute out.

    ``_`` in the name of an attribute stands for ``-``; one at its end is dropped, as in ``class_``.
    """
    given = {
        name.rstrip("_").replace("_", "-"): _text(value) for name, value in attributes.items() if value is not None
    }
    made = Element(tag, given)
    last: Element | None = None
    for child in children:
        if isinstance(child, Element):
            made.append(child)
            last = child
        elif child is not None and last is None:
            made.text = (made.text or "") + child
        elif child is not None and last is not None:
            last.tail = (last.tail or "") + child
    return made


def document(root: Element) -> str:
    """The page, an element a line, so that two can be compared."""
    indent(root, space=" ")
    return f"<!DOCTYPE html>\n{tostring(root, encoding='unicode', method='html')}\n"


def _text(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
