from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gridobs.errors import SourceError
from gridobs.fleet import inventory
from gridobs.fleet.model import Fleet, Hub, Region, Site, State, Transport

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "apiVersion: gridobs/v1\nkind: Fleet\nregions:\n- {name: east, title: East}\n- {name: west}\nsites:\n"
SITE = "- {id: sub-0001, region: east, address: 'a.example:9443'}\n"
FULL = """\
apiVersion: gridobs/v1
kind: Fleet
hub:
  shards: 2
  scrapeInterval: 1m30s
  scrapeTimeout: 15s
  evaluationInterval: 20s
  outageBudget: 2d
  alertmanagers: ["am-0.hub.example:9093", "am-1.hub.example:9093"]
  receiver: Hub.example:9090
regions:
- name: east
  title: The East
- name: west
defaults: {port: 9443, voltageClass: 20kV, devices: 10, nodes: 2, transport: vmagent, scrapeInterval: 2m}
sites:
- id: sub-0002
  region: west
  address: SUB-0002.west.grid.example
  state: maintenance
- id: sub-0001
  region: east
  address: "[2001:0db8:0::1]:444"
  coordinates: [52.5, -13]
  voltageClass: 380/110kV
  devices: 0
  nodes: 5
  state: planned
  transport: pull
  scrapeInterval: 30s
"""


def load(folder: Path, text: str, name: str = "fleet.yaml") -> Fleet:
    path = folder / name
    path.write_text(text)
    return inventory.load(path)


def problems(folder: Path, text: str, name: str = "fleet.yaml") -> list[str]:
    """What is wrong with ``text``, as ``line:column code message; cure``."""
    with pytest.raises(SourceError) as caught:
        load(folder, text, name)
    return [str(one).removeprefix(f"{folder / name}:") for one in caught.value.problems]


def test_every_field_is_read_and_defaults_fill_what_is_not_there(tmp_path: Path) -> None:
    assert load(tmp_path, FULL) == Fleet(
        regions=(Region(name="east", title="The East"), Region(name="west")),
        hub=Hub(
            shards=2,
            scrape_interval=90,
            scrape_timeout=15,
            evaluation_interval=20,
            outage_budget=172_800,
            alertmanagers=("am-0.hub.example:9093", "am-1.hub.example:9093"),
            receiver="hub.example:9090",
        ),
        sites=(
            Site(
                id="sub-0001",
                region="east",
                address="[2001:db8::1]:444",
                coordinates=(52.5, -13.0),
                voltage_class="380/110kV",
                devices=0,
                nodes=5,
                state=State.PLANNED,
                transport=Transport.PULL,
                scrape_interval=30,
            ),
            Site(
                id="sub-0002",
                region="west",
                address="sub-0002.west.grid.example:9443",
                voltage_class="20kV",
                devices=10,
                nodes=2,
                state=State.MAINTENANCE,
                transport=Transport.VMAGENT,
                scrape_interval=120,
            ),
        ),
    )


def test_what_the_inventory_does_not_say_is_as_the_model_has_it(tmp_path: Path) -> None:
    fleet = load(tmp_path, HEAD + SITE)

    assert (Hub(), Site(id="sub-0001", region="east", address="a.example:9443")) == (fleet.hub, fleet.sites[0])
    assert fleet.source == "fleet.yaml"


def site(field: str) -> str:
    return f"{HEAD}- id: sub-0001\n  region: east\n  address: a.example:9443\n  {field}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD + "- {id: Sub 1, region: east, address: 'a:1'}\n", "7:8 GO008 'Sub 1' is not a name; write 'sub-1', o"),
        (HEAD + "- {id: '-', region: east, address: 'a:1'}\n", "7:8 GO008 '-' is not a name; use a name of at most"),
        (HEAD + "- {id: 17, region: east, address: 'a:1'}\n", "7:8 GO004 id should be a valid string; put it in quo"),
        (HEAD + "- {region: east, address: 'a:1'}\n", "7:3 GO005 id is missing; write a name of at most 63 a-z"),
        (HEAD + "- sub-0001\n", "7:3 GO004 a site should be a mapping; write id, region, address and what else"),
        (HEAD + SITE + SITE.replace("a.", "b."), "8:8 GO009 the id 'sub-0001' is taken by the site in line 7; give"),
        (HEAD + SITE + SITE.replace("0001", "2"), "8:38 GO702 the address 'a.example:9443' is taken by the site in"),
        (HEAD + SITE.replace("east", "eats"), "7:26 GO010 no region is named 'eats'; did you mean 'east'?"),
        (HEAD + SITE.replace("east", "zz"), "7:26 GO010 no region is named 'zz'; write the name of one of the regio"),
        (HEAD.replace("west", "east") + SITE, "5:10 GO009 the region 'east' is there twice; keep one of the two"),
        (HEAD + SITE + "---\na: 1\n", "9:1 GO004 an inventory is one document; write one, or one file for each flee"),
        (site("coordinates: [91, 0]"), "10:17 GO703 no latitude is 91, only -90 to 90; write latitude and longitude"),
        (site("coordinates: [1, -180.5]"), "10:20 GO703 no longitude is -180.5, only -180 to 180; write latitude"),
        (site("coordinates: [1, x]"), "10:20 GO703 'x' is not in degrees; write a number such as 52.5"),
        (site("coordinates: [1, .nan]"), "10:20 GO703 '.nan' is not in degrees; write a number such as 52.5"),
        (site("coordinates: [1]"), "10:3 GO005 coordinates.1 is missing; write latitude and longitude in degrees"),
        (site("devices: -1"), "10:12 GO004 '-1' is not a count; write a whole number from 0 to 10000000"),
        (site("devices: yes"), "10:12 GO004 'True' is not a count; write a whole number from 0 to"),
        (site("devices: 1.5"), "10:12 GO004 '1.5' is not a count; write a whole number from 0 to"),
        (site("nodes: 0"), "10:10 GO004 0 is too few; write 1 or more"),
        (site("state: broken"), "10:10 GO004 state should be 'planned', 'live', 'maintenance' or 'retired'; write o"),
        (site("transport: pigeon"), "10:14 GO004 transport should be 'pull', 'remote-write' or 'vmagent'; write one"),
        (site("voltageClass: high"), "10:17 GO004 'high' is not a voltage class; write kilovolts such as 110kV, or"),
        (site("scrapeInterval: 150s"), "10:19 GO704 2m30s is too long: one that fails would leave series without a"),
        (site("scrapeInterval: 20s"), "10:19 GO704 the interval is not above the hub's timeout of 20s; write a"),
        (site("scrapeInterval: 60"), "10:19 GO004 '60' has no unit; write a duration such as 30s or 2m"),
        (site("voltage: 110kV"), "10:3 GO006 unknown key 'voltage'; did you mean 'voltageClass'?"),
        (f"{HEAD}{SITE}hub: {{outageBudget: 59m}}\n", "8:21 GO705 an outage budget of 59m is too short; write 1h or"),
        (f"{HEAD}{SITE}hub: {{evaluationInterval: 3m}}\n", "8:27 GO704 3m is too long: one that fails would leave"),
        (f"{HEAD}{SITE}hub: {{scrapeTimeout: 60s}}\n", "8:22 GO704 the timeout is not below the interval of 30s; wr"),
        (f"{HEAD}{SITE}defaults: {{scrapeInterval: 9s}}\n", "8:28 GO704 the interval is not above the hub's timeout"),
        (f"{HEAD}{SITE}hub: {{shards: 0}}\n", "8:15 GO004 0 is too few; write 1 or more"),
        (f"{HEAD}{SITE}hub: {{alertmanagers: ['am']}}\n", "8:23 GO701 'am' has no port; write it after a colon, as"),
        (f"{HEAD}{SITE}hub: {{receiver: 5}}\n", "8:17 GO004 hub.receiver should be a valid string; put it in quotes"),
        (f"{HEAD}{SITE}hub: {{shards: 1001}}\n", "8:15 GO004 hub.shards should be less than or equal to 1000; write"),
        (f"{HEAD}{SITE}defaults: {{port: 65536}}\n", "8:18 GO004 defaults.port should be less than or equal to 6553"),
        (HEAD.replace("v1", "v2") + SITE, "1:13 GO004 apiVersion should be 'gridobs/v1'; write apiVersion: gridobs/"),
        (HEAD.replace("sites:", "sites: []"), "6:1 GO004 sites has 0 items; write a list of sites"),
        ("- a\n", "1:1 GO004 the document should be a mapping; write apiVersion, kind, hub, regions, defaults, site"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_a_problem_with_its_place_and_cure(tmp_path: Path, text: str, expected: str) -> None:
    assert [one[: len(expected)] for one in problems(tmp_path, text)] == [expected]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("a.example", "'a.example' has no port; write it after a colon, as in a.example:9443"),
        ("a.example:0", "'0' is not a port; write a number from 1 to 65535"),
        ("a.example:65536", "'65536' is not a port; write a number from 1 to 65535"),
        ("a.example:http", "'http' is not a port; write a number from 1 to 65535"),
        ("a_b.example:1", "'a_b.example' is not a host name; write a-z, 0-9 and '-' in parts of at most 63, with a"),
        ("a..example:1", "'a..example' is not a host name; write a-z, 0-9 and '-'"),
        ("10.0.0.256:1", "'10.0.0.256' is not an IPv4 address; write one such as 10.0.0.1:9443"),
        ("0.0.0.0:1", "'0.0.0.0' is not the address of one machine; write the one it is dialled at"),
        ("[2001:db8::x]:1", "'2001:db8::x' is not an IPv6 address; write one such as [2001:db8::1]:9443"),
        ("[fe80::1%eth0]:1", "'fe80::1%eth0' has a zone, which means something on one machine only; write it withou"),
        ("2001:db8::1:9443", "'2001:db8::1:9443' is not an address; write host:port, an IPv6 address as [2001:db8::"),
        ("https://a.example:1", "'https://a.example:1' is not an address; write host:port"),
    ],
)  # fmt: skip
def test_an_address_that_nobody_can_dial_is_a_problem(tmp_path: Path, address: str, expected: str) -> None:
    (found,) = problems(tmp_path, f"{HEAD}- {{id: sub-0001, region: east, address: '{address}'}}\n")

    assert found.startswith(f"7:41 GO701 {expected}")


def test_one_address_in_two_spellings_is_one_address(tmp_path: Path) -> None:
    text = (
        HEAD
        + SITE.replace("a.example", "[2001:db8::1]")
        + SITE.replace("0001", "2").replace("a.example", "[2001:DB8:0::1]")
    )

    assert problems(tmp_path, text)[0].startswith("8:38 GO702 the address '[2001:db8::1]:9443' is taken")


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    text = FULL.replace("2d", "2m").replace("20s", "x").replace("port: 9443, ", "").replace("west\n  a", "wets\n  a")
    text += "- {id: sub-0001, region: east, address: 'b:1', nodes: none}\n- 7\n"

    assert [one.split()[:2] for one in problems(tmp_path, text)] == [
        ["7:23", "GO004"],
        ["8:17", "GO705"],
        ["18:11", "GO010"],
        ["31:8", "GO009"],
        ["31:55", "GO004"],
        ["32:3", "GO004"],
    ]


def test_a_region_without_a_site_is_no_problem(tmp_path: Path) -> None:
    assert [one.name for one in load(tmp_path, HEAD + SITE).regions] == ["east", "west"]


def test_a_thousand_faulty_sites_are_all_told(tmp_path: Path) -> None:
    text = "".join(f"- {{id: sub-{at}, region: r{at}, address: sub-{at}, nodes: x}}\n" for at in range(1000))

    assert len(problems(tmp_path, HEAD + text)) == 3000
