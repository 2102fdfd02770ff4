"""OpenSLO v1 documents, read fully into the model. Format: https://github.com/OpenSLO/OpenSLO."""

from gridobs.slo.openslo.load import Loaded, Place, load

__all__ = ["Loaded", "Place", "load"]
