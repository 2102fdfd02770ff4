"""The rendered script makes an authority with real openssl, and does no harm when it is run again."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from gridobs import artifacts
from gridobs.fleet import edge
from gridobs.fleet.egress.model import Egress
from gridobs.fleet.model import Fleet, Hub, Region, Site, State, Transport
from gridobs.slo.promql import PrometheusVersion
from tests.e2e.fleet.edge_parts import exported, program

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e

SITES = (
    Site(id="sub-0001", region="north", address="sub-0001.example:9443"),
    Site(id="sub-0002", region="north", address="192.0.2.7:9443"),
    Site(id="sub-0003", region="north", address="[2001:db8::7]:9443"),
    Site(id="sub-0004", region="north", address="sub-0004.example:9443", transport=Transport.VMAGENT),
    Site(id="sub-0005", region="north", address="sub-0005.example:9443", state=State.RETIRED),
)
NAMES = {"gridobs-hub", "gridobs-receiver", "sub-0001", "sub-0002", "sub-0003", "sub-0004"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A rendered fleet."""
    hub = Hub(receiver="push.example:9444")
    fleet = Fleet(regions=(Region(name="north"),), sites=SITES, hub=hub)
    files = edge.render(fleet, Egress(series=(exported("site_info"),)), PrometheusVersion.V2_42)
    artifacts.write(files, tmp_path / "rendered")
    return tmp_path / "rendered"


def issue(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program("openssl")
    command = ["bash", str(tree / "pki" / "issue.sh"), "--out", str(tree.parent / "pki"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tree.parent)


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def shown(certificate: Path) -> str:
    command = ["openssl", "x509", "-in", str(certificate), "-noout", "-text"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def trusted(folder: Path, name: str, purpose: str) -> bool:
    command = ["openssl", "verify", "-x509_strict", "-CAfile", str(folder / "ca.crt"), "-purpose", purpose]
    return subprocess.run([*command, folder / name / "tls.crt"], capture_output=True, check=False).returncode == 0


def test_everybody_gets_a_certificate_that_is_good_for_one_thing(tree: Path) -> None:
    assert issue(tree, "--all").returncode == 0
    made = tree.parent / "pki"

    assert {path.name for path in made.iterdir() if path.is_dir()} == NAMES
    clients = {name for name in NAMES if trusted(made, name, "sslclient")}
    assert clients == {"gridobs-hub", "sub-0004"}
    assert {name for name in NAMES if trusted(made, name, "sslserver")} == NAMES - clients
    names = {name: re.findall(r"(?:DNS|IP Address):\S+", shown(made / name / "tls.crt")) for name in sorted(NAMES)}
    assert names == {
        "gridobs-hub": [],
        "gridobs-receiver": ["DNS:push.example"],
        "sub-0001": ["DNS:sub-0001.example"],
        "sub-0002": ["IP Address:192.0.2.7"],
        "sub-0003": ["IP Address:2001:DB8:0:0:0:0:0:7"],
        "sub-0004": [],
    }
    assert "NIST CURVE: P-256" in shown(made / "sub-0001" / "tls.crt")


def test_nobody_else_can_read_what_it_makes(tree: Path) -> None:
    issue(tree, "--all")

    assert {path.stat().st_mode & 0o077 for path in (tree.parent / "pki").rglob("*")} == {0}


def test_run_again_it_changes_nothing(tree: Path) -> None:
    issue(tree, "--all")
    before = content(tree.parent / "pki")
    again = issue(tree, "--all")

    assert again.returncode == 0
    assert content(tree.parent / "pki") == before


def test_a_site_with_a_new_address_gets_a_new_certificate_for_its_key(tree: Path) -> None:
    issue(tree, "--all")
    before = content(tree.parent / "pki")
    names = tree / "pki" / "names.csv"
    names.write_text(names.read_text().replace("DNS:sub-0001.example", "DNS:moved.example"))
    issue(tree, "--all")
    after = content(tree.parent / "pki")

    changed = {name for name, text in after.items() if text != before[name]}
    assert changed == {"sub-0001/tls.crt", "sub-0001/issued-for"}
    assert "DNS:moved.example" in shown(tree.parent / "pki" / "sub-0001" / "tls.crt")


def test_only_force_makes_a_new_key_and_never_a_new_authority(tree: Path) -> None:
    issue(tree, "--all")
    before = content(tree.parent / "pki")
    issue(tree, "--force", "site", "sub-0002")
    after = content(tree.parent / "pki")

    assert {name for name, text in after.items() if text != before[name]} == {"sub-0002/tls.crt", "sub-0002/tls.key"}


def test_it_makes_what_is_named_alone(tree: Path) -> None:
    assert issue(tree, "site", "sub-0001").returncode == 0
    assert {path.name for path in (tree.parent / "pki").iterdir()} == {"ca.crt", "ca.key", "sub-0001"}
    assert issue(tree, "hub").returncode == 0
    assert (tree.parent / "pki" / "gridobs-hub" / "tls.key").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["site", "sub-0005"], "has no 'sub-0005'"),
        (["site"], "name a site"),
        (["--names", "nowhere.csv", "--all"], "nowhere.csv cannot be read"),
        (["--quick", "--all"], "there is no --quick"),
        ([], "Usage:"),
    ],
)
def test_what_cannot_be_done_is_said_with_status_2(tree: Path, arguments: list[str], said: str) -> None:
    refused = issue(tree, *arguments)

    assert (refused.returncode, said in refused.stderr) == (2, True), refused.stderr


def test_it_keeps_no_key_where_the_next_rendering_would_remove_it(tree: Path) -> None:
    refused = issue(tree, "--out", str(tree / "pki" / "issued"), "--all")

    assert refused.returncode == 2
    assert "name another --out" in refused.stderr
    assert not list(tree.rglob("*.key"))


def test_its_help_says_what_it_is_not_for(tree: Path) -> None:
    told = issue(tree, "--help")

    assert told.returncode == 0
    assert "For tests and small fleets" in told.stdout
