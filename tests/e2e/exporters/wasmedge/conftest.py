"""A real containerd for the tests of the collector."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.e2e.exporters.wasmedge.containerd import CannotRunError, Site, running_containerd

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """A containerd that serves and has the image."""
    try:
        with running_containerd() as site:
            yield site
    except CannotRunError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{error}, and CI must not skip")
        pytest.skip(str(error))
