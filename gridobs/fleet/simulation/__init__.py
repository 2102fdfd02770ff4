"""A whole fleet on one machine: simulated edges, and a real hub that is measured while it watches them."""
