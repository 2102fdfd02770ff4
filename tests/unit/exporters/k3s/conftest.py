"""The stand-in for a K3s site as fixtures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.exporters.k3s.standin import FIXTURES, Certificates, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.unit.exporters.conftest import Hands


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("k3s-certificates"))


@pytest.fixture
def site(tmp_path: Path, certificates: Certificates, hands: Hands) -> Iterator[Site]:
    site = Site(tmp_path, certificates, hands)
    yield site
    site.stop()


@pytest.fixture(scope="session")
def fixture_bytes() -> Callable[[str], bytes]:
    """The content of a file of tests/fixtures/k3s."""
    return lambda name: (FIXTURES / name).read_bytes()
