"""A statistics page to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.exporters.mqtt import standin

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def emqx_page() -> Iterator[standin.Page]:
    with standin.page("emqx") as page:
        yield page
