"""What a hub for a fleet needs, predicted from the inventory and from what leaves a site."""

from gridobs.fleet.capacity.model import Backfill, Plan, Wan
from gridobs.fleet.capacity.planning import RETENTION, plan

__all__ = ["RETENTION", "Backfill", "Plan", "Wan", "plan"]
