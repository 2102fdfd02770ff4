"""A thousand substations: one inventory, and everything between their Prometheuses and the hub."""
