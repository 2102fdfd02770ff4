"""What is rendered for a fleet, and that the programs it is for accept it."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from gridobs import artifacts
from gridobs.errors import UsageError
from gridobs.fleet import edge
from gridobs.fleet.edge import pki, victoria
from gridobs.fleet.egress.model import Egress, ExportedSeries
from gridobs.fleet.model import Fleet, Hub, Region, Site, State, Transport
from gridobs.slo.promql import PrometheusVersion

ALERTS = Path(__file__).parents[4] / "alerts" / "rules"
EGRESS = Egress(
    series=tuple(
        ExportedSeries(name=name, labels=labels, bound=1, interval=30, source="alerts/rules/site.yaml")
        for name, labels in (("site:heartbeat:time", ()), ("site_info", ()), ("slo:objective:ratio", ("slo",)))
    )
)
REGIONS = (Region(name="north"), Region(name="south"))
PULLED = Site(id="sub-0001", region="north", address="sub-0001.example:9443")
WRITES = Site(id="sub-0002", region="south", address="sub-0002.example:9443", transport=Transport.REMOTE_WRITE)
AGENT = Site(id="sub-0003", region="south", address="sub-0003.example:9443", transport=Transport.VMAGENT)
FLEET = Fleet(regions=REGIONS, sites=(PULLED, WRITES, AGENT), hub=Hub(receiver="push.example:9444"))


def rendered(
    fleet: Fleet = FLEET,
    version: PrometheusVersion = PrometheusVersion.V2_42,
    **settings: Any,  # noqa: ANN401
) -> dict[str, str]:
    return {str(one.path): one.content for one in edge.render(fleet, EGRESS, version, **settings)}


def config(site: Site, version: PrometheusVersion = PrometheusVersion.V2_42, **settings: Any) -> dict[str, Any]:  # noqa: ANN401
    read: dict[str, Any] = yaml.safe_load(rendered(version=version, **settings)[f"sites/{site.id}/prometheus.yml"])
    return read


def test_each_transport_has_the_files_it_needs() -> None:
    files = [path.removeprefix("sites/") for path in rendered() if path.startswith("sites/")]

    assert files == [
        "sub-0001/gate.conf",
        "sub-0001/prometheus.yml",
        "sub-0001/rules/site-info.yaml",
        "sub-0002/prometheus.yml",
        "sub-0002/rules/site-info.yaml",
        "sub-0003/prometheus.yml",
        "sub-0003/rules/site-info.yaml",
        "sub-0003/vmagent/relabel.yml",
        "sub-0003/vmagent/scrape.yml",
        "sub-0003/vmagent/vmagent.env",
    ]


def test_a_site_is_built_before_it_is_watched_and_gone_when_it_is_retired() -> None:
    sites = tuple(replace(PULLED, id=f"sub-{state}", state=state) for state in State)
    files = rendered(replace(FLEET, sites=sites))

    assert {PurePosixPath(path).parts[1] for path in files if path.startswith("sites/")} == {
        "sub-planned",
        "sub-live",
        "sub-maintenance",
    }


def test_where_nobody_pushes_there_is_no_receiver() -> None:
    files = rendered(replace(FLEET, sites=(PULLED,), hub=Hub()))

    assert not [path for path in files if "receiver" in path]


@pytest.mark.parametrize("site", [WRITES, AGENT])
def test_a_site_cannot_push_to_a_hub_without_a_receiver(site: Site) -> None:
    with pytest.raises(UsageError, match="the hub has no receiver"):
        rendered(replace(FLEET, sites=(site,), hub=Hub()))


@pytest.mark.parametrize("site", [PULLED, WRITES, AGENT], ids=lambda site: site.transport)
@pytest.mark.parametrize("brokers", [(), ("mqtts://broker.example:8883",)], ids=["", "probes"])
@pytest.mark.parametrize("targets", [None, {"opa": ("127.0.0.1:8181",)}], ids=["discovered", "static"])
def test_promtool_accepts_the_configuration_of_every_site(
    tmp_path: Path, site: Site, brokers: tuple[str, ...], targets: dict[str, tuple[str, ...]] | None
) -> None:
    files = {"ca": tmp_path / "ca.crt", "certificate": tmp_path / "tls.crt", "key": tmp_path / "tls.key"}
    for path in files.values():
        path.touch()
    tls = edge.TlsFiles(**{name: str(path) for name, path in files.items()})
    settings = edge.EdgeSettings(tls=tls, brokers=brokers, targets=targets)
    artifacts.write(edge.render(FLEET, EGRESS, PrometheusVersion.V2_42, settings=settings), tmp_path / "out")
    path = tmp_path / "out" / "sites" / site.id / "prometheus.yml"
    checked = subprocess.run(["promtool", "check", "config", str(path)], capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stderr
    assert "1 rule files found" in checked.stdout


def test_every_job_that_the_alerts_ask_for_is_scraped() -> None:
    asked = {job for path in ALERTS.glob("*.yaml") for job in re.findall(r'job="([^"]+)"', path.read_text())}
    settings = edge.EdgeSettings(brokers=("mqtts://broker.example:8883",))
    scraped = [job["job_name"] for job in config(PULLED, settings=settings)["scrape_configs"]]

    assert asked <= set(scraped)
    assert max(Counter(scraped).values()) == 1


def test_a_site_speaks_in_its_own_name() -> None:
    assert config(WRITES)["global"]["external_labels"] == {"site": "sub-0002", "region": "south"}
    assert config(AGENT)["global"]["external_labels"] == {"site": "sub-0003", "region": "south"}


def test_only_the_one_that_pushes_by_itself_writes_to_the_hub() -> None:
    assert [bool(config(site).get("remote_write")) for site in (PULLED, WRITES, AGENT)] == [False, True, False]


def test_a_push_keeps_the_names_and_labels_of_the_egress_and_sends_no_metadata() -> None:
    (write,) = config(WRITES)["remote_write"]

    names, labels = write["write_relabel_configs"]
    assert (names["action"], names["regex"].split("|")) == ("keep", list(EGRESS.names))
    assert (labels["action"], labels["regex"].split("|")) == ("labelkeep", ["__name__", *EGRESS.labels])
    assert write["metadata_config"] == {"send": False}
    assert write["send_exemplars"] is False


def test_a_push_waits_up_to_five_minutes_and_uses_two_connections_at_most() -> None:
    (write,) = config(WRITES)["remote_write"]
    queue = write["queue_config"]

    assert (queue["min_backoff"], queue["max_backoff"], queue["max_shards"]) == ("1s", "5m", 2)


def test_prometheus_3_gets_what_prometheus_2_does_not_know() -> None:
    old, new = config(WRITES), config(WRITES, PrometheusVersion.V3)

    assert new["remote_write"][0]["queue_config"].pop("sample_age_limit") == "1d"
    for job in new["scrape_configs"]:
        assert job.pop("fallback_scrape_protocol") == "PrometheusText0.0.4"
    assert new == old


def test_vmagent_asks_for_the_egress_and_sends_on_nothing_else() -> None:
    files = rendered()
    (job,) = yaml.safe_load(files["sites/sub-0003/vmagent/scrape.yml"])["scrape_configs"]
    relabel = yaml.safe_load(files["sites/sub-0003/vmagent/relabel.yml"])
    environment = files["sites/sub-0003/vmagent/vmagent.env"].splitlines()

    assert job["params"] == {"match[]": [EGRESS.selector]}
    assert relabel == job["metric_relabel_configs"] == config(WRITES)["remote_write"][0]["write_relabel_configs"]
    assert "remoteWrite_url=https://push.example:9444/api/v1/write" in environment
    assert "remoteWrite_relabelConfig=/etc/gridobs/vmagent/relabel.yml" in environment


@pytest.mark.parametrize("name", ["gridobs-hub", "gridobs-receiver"])
def test_no_site_can_have_the_name_of_another_party(name: str) -> None:
    with pytest.raises(UsageError, match="its certificate would pass for another party's"):
        pki.names(replace(FLEET, sites=(replace(PULLED, id=name),)))


@pytest.mark.parametrize("address", ["a,DNS:other.example:1", "a\nb:1", 'a"b:1'])
def test_an_address_cannot_add_names_to_a_certificate(address: str) -> None:
    with pytest.raises(UsageError, match="cannot stand in a certificate"):
        pki.names(replace(FLEET, sites=(replace(PULLED, address=address),)))


def test_the_tenant_of_a_region_does_not_depend_on_other_regions() -> None:
    alone, together = victoria.accounts(REGIONS[1:]), victoria.accounts((Region(name="east"), *REGIONS))

    assert together["south"] == alone["south"]
    assert len(set(together.values())) == 3
    assert all(0 <= number < 2**32 for number in together.values())


@pytest.mark.parametrize("region", ["north&extra_label=site=x", "no rth", "a;b", ""])
def test_a_region_cannot_become_more_than_a_word_in_a_query(region: str) -> None:
    sites = (replace(WRITES, region=region),)
    with pytest.raises(UsageError, match="cannot stand in a"):
        rendered(replace(FLEET, regions=(Region(name=region),), sites=sites))
