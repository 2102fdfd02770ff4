"""YAML files that people write: plain data that knows its places, checked against a schema, all problems at once.

Numbers with a point stay ``Decimal`` from their text, dates stay text: what a person wrote is what a compiler gets.
Anything YAML could mean in two ways (duplicate keys, merge keys, tags) is a problem, never a guess.
"""

from gridobs.sources.documents import Collector, Document, Loc, display, find, parse, read, read_text
from gridobs.sources.schema import Schema, SchemaT, check, fault

__all__ = [
    "Collector", "Document", "Loc", "Schema", "SchemaT", "check", "display", "fault", "find", "parse", "read",
    "read_text",
]  # fmt: skip
