"""What a Python processor uses to report the ``power_*`` metrics."""
