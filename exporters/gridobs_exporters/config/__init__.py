"""What the exporter is told: flags and one file, checked against one schema, every fault named with its place."""
