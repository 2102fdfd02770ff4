"""power-data-processor, the reference: receive, validate, deduplicate, store, aggregate."""
