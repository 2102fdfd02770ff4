"""The text of a gate; what it does is shown on a real nginx, in tests/e2e/fleet."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest

from gridobs.errors import UsageError
from gridobs.fleet.edge.gate import gate
from gridobs.fleet.edge.settings import EdgeSettings, NginxSettings
from gridobs.fleet.egress.model import Egress, ExportedSeries
from gridobs.fleet.model import Site

SITE = Site(id="sub-0001", region="north", address="sub-0001.example:9443")


def egress(count: int) -> Egress:
    names = (f"site:a_rather_long_name_{number:04}:sum" for number in range(count))
    series = (
        ExportedSeries(name=name, labels=(), bound=1, interval=30, source="alerts/rules/x.yaml") for name in names
    )
    return Egress(series=tuple(series))


def written(config: str, variable: str) -> list[str]:
    """The values of ``$variable``, with the variables it is made of."""
    values = dict[str, str]()
    found = []
    for name, value in re.findall(r'^\s*set \$(\w+) "?([^";]*)"?;$', config, flags=re.MULTILINE):
        values[name] = re.sub(r"\$\{(\w+)\}", lambda one: values[one[1]], value)
        if name == variable:
            found.append(unquote(values[name]))
    return found


@pytest.mark.parametrize("count", [1, 60, 500])
def test_both_selectors_are_the_egress_however_many_names_there_are(count: int) -> None:
    allowed = egress(count)
    config = gate(SITE, allowed, EdgeSettings(), source="fleet.yaml")

    assert written(config, "selector") == [allowed.selector, f"{allowed.selector}[15m]"]


def test_no_parameter_is_longer_than_nginx_takes() -> None:
    config = gate(SITE, egress(500), EdgeSettings(), source="fleet.yaml")

    assert max(map(len, re.split(r"\s", config))) < 4096


def test_it_listens_on_the_port_of_the_address() -> None:
    config = gate(SITE, egress(1), EdgeSettings(), source="fleet.yaml")

    assert re.findall(r"listen (.*);", config) == ["9443 ssl"]


def test_at_an_ipv6_address_it_listens_on_both_kinds() -> None:
    site = Site(id="sub-0001", region="north", address="[2001:db8::7]:9443")
    config = gate(site, egress(1), EdgeSettings(), source="fleet.yaml")

    assert re.findall(r"listen (.*);", config) == ["9443 ssl", "[::]:9443 ssl"]


@pytest.mark.parametrize("folder", ["/run/x; include /etc/passwd", "/run/${x}", "/run/'x'", "/run/x\n"])
def test_a_setting_cannot_become_a_directive(folder: str) -> None:
    with pytest.raises(UsageError, match="cannot stand in an nginx configuration"):
        gate(SITE, egress(1), EdgeSettings(nginx=NginxSettings(folder=folder)), source="fleet.yaml")


def test_it_listens_on_one_address_when_told_to() -> None:
    settings = EdgeSettings(nginx=NginxSettings(listen="192.0.2.7"))

    assert re.findall(r"listen (.*);", gate(SITE, egress(1), settings, source="fleet.yaml")) == ["192.0.2.7:9443 ssl"]
