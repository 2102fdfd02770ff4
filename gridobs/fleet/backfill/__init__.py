"""Holes at the hub after a WAN outage: found, read from the site that has the data, and filled."""
