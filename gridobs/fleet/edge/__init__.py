"""What runs at each site besides its exporter: Prometheus, the egress gate, and what makes hubs trust them."""
