"""What may leave a substation: derived from the rules, proved, and enforced at its gate."""

from gridobs.fleet.egress.proof import Proof, derive, prove

__all__ = ["Proof", "derive", "prove"]
