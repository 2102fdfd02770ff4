"""Rule files: the model of what Prometheus loads, and its byte-stable rendering."""
