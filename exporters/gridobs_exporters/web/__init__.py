"""The HTTP side: routes, limits on clients, TLS and who may ask."""
