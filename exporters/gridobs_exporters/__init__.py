"""The edge exporter: one slim process, one file a collector. Knows nothing of the control plane."""
