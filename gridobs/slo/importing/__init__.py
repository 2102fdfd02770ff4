"""SLOs of other tools, as OpenSLO documents: Sloth's file, Sloth's and Pyrra's Kubernetes resources.

Each field of each format is carried over, or changes neither what is measured nor what alerts (docs/import.md says
which), or is a problem with the code NOT_EXPRESSIBLE. Nothing is left out in silence.
"""
