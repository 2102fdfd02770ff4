"""What a Python processor uses to report the ``power_*`` metrics.

.. code-block:: python

    with serve(service="power-data-processor", host="127.0.0.1", port=9464) as metrics:
        metrics.received(len(batch))

It imports without OpenTelemetry; ``serve`` and ``start`` then say how to install it.
"""

from __future__ import annotations

from gridobs.instrument.destination import Destination
from gridobs.instrument.endpoint import Endpoint, serve, start
from gridobs.instrument.metrics import PowerMetrics
from gridobs.instrument.stage import Stage

__all__ = ["Destination", "Endpoint", "PowerMetrics", "Stage", "serve", "start"]
