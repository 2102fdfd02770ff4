"""What runs at the hub: Prometheuses that pull the sites, rules and alerts, the Alertmanager that tells people."""

from gridobs.fleet.hub.render import ROOT, render
from gridobs.fleet.hub.settings import Notifications, Settings

__all__ = ["ROOT", "Notifications", "Settings", "render"]
