"""The inventory: a file that people or an asset database write, as the fleet that all else starts from."""

from gridobs.fleet.inventory.invention import invent
from gridobs.fleet.inventory.reading import load
from gridobs.fleet.inventory.text import dump

__all__ = ["dump", "invent", "load"]
