"""What objectives came to in a calendar period, to be read, kept and recomputed."""
