"""Collector ``k3s``: what an API server, its nodes and their kubelets say of themselves."""
