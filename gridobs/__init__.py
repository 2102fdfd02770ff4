"""GridObs, the control plane: objectives in, rules, alerts and a substation to prove them on out."""

__version__ = "0.1.0"
