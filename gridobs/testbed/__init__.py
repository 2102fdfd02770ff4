"""One real substation on one machine: broker, meters, reference processor, Prometheus, faults."""
