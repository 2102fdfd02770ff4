"""A small fleet in which every kind of site occurs, what its sites send, and promtool to try the rules on both."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from gridobs import artifacts
from gridobs import conventions as names
from gridobs.fleet import hub
from gridobs.fleet.egress.model import Egress, ExportedSeries
from gridobs.fleet.hub import visibility
from gridobs.fleet.model import Fleet, Hub, Region, Site, State, Transport
from gridobs.slo.promql import PrometheusVersion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

ALERTS = Path(__file__).parents[4] / "alerts"
SLO_LABELS = (names.LABEL_SERVICE, names.LABEL_SLO)
SENT: dict[str, tuple[str, ...]] = {
    names.SITE_INFO: (),
    names.SITE_HEARTBEAT: (),
    names.SITE_ALERTS_FIRING: (names.LABEL_SEVERITY,),
    "site:records:rate5m": (),
    "site:targets:count": (),
    "site:targets_up:count": (),
    "site:store_disk_available:ratio": (),
    names.SLO_BAD_RATE: SLO_LABELS,
    names.SLO_TOTAL_RATE: SLO_LABELS,
    names.SLO_COVERAGE: SLO_LABELS,
    names.SLO_ERROR_BUDGET: SLO_LABELS,
    names.SLO_PERIOD_BAD: SLO_LABELS,
    names.SLO_PERIOD_TOTAL: SLO_LABELS,
    names.SLO_PERIOD_BUDGET_REMAINING: SLO_LABELS,
}
BOUNDS = {(): 1, (names.LABEL_SEVERITY,): 3, SLO_LABELS: 11}
NORTH = tuple(f"sub-{number:04}" for number in range(1, 9))
PULLED, PUSHING, MAINTAINED = "sub-0011", "sub-0013", "sub-0014"


@pytest.fixture
def egress() -> Egress:
    series = (
        ExportedSeries(name=name, labels=labels, bound=BOUNDS[labels], interval=30, source="alerts/rules/site.yaml")
        for name, labels in SENT.items()
    )
    return Egress(series=tuple(sorted(series)))


@pytest.fixture
def fleet() -> Fleet:
    """Eight sites in the north; in the south two, one that pushes, one in maintenance; one planned, one retired."""

    def site(name: str, region: str, **more: Any) -> Site:  # noqa: ANN401 - fields of a site
        return Site(id=name, region=region, address=f"{name}.example:9443", **more)

    return Fleet(
        regions=(Region(name="north"), Region(name="south")),
        sites=(
            *(site(name, "north") for name in NORTH),
            site(PULLED, "south"),
            site("sub-0012", "south", scrape_interval=15),
            site(PUSHING, "south", transport=Transport.VMAGENT),
            site(MAINTAINED, "south", state=State.MAINTENANCE),
            site("sub-0021", "north", state=State.PLANNED),
            site("sub-0022", "south", state=State.RETIRED),
        ),
        hub=Hub(alertmanagers=("am-0.example:9093", "am-1.example:9093")),
    )


@pytest.fixture
def sharded(fleet: Fleet) -> Fleet:
    """The same over two shards."""
    return replace(fleet, hub=replace(fleet.hub, shards=2))


@pytest.fixture
def up(fleet: Fleet) -> dict[str, str]:
    """The series ``up`` of each site that is pulled."""
    found = {}
    for site in fleet.watched:
        if site.transport is Transport.PULL:
            maintenance = ',maintenance="true"' if site.state is State.MAINTENANCE else ""
            labels = f'job="edge-federate",instance="{site.id}",region="{site.region}",site="{site.id}"{maintenance}'
            found[site.id] = f"up{{{labels}}}"
    return found


@pytest.fixture
def healthy(fleet: Fleet, up: dict[str, str]) -> dict[str, str]:
    """The series of an hour in which every site is well, a sample every 30 s."""
    beats = {f'site:heartbeat:time{{region="{site.region}",site="{site.id}"}}': "0+30x120" for site in fleet.watched}
    return dict.fromkeys(up.values(), "1x120") | beats


class Rules:
    """The rendered rules of a hub in a folder, and promtool to evaluate them."""

    def __init__(self, folder: Path, program: str, *, visibility: bool = False) -> None:
        self.folder = folder
        self._program = program
        files = [file for file in sorted(folder.glob("rules/*.yaml")) if visibility or file.stem != "site-visibility"]
        groups = [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]
        self.alerts = {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}
        present = [group["name"] for group in groups]
        first = [name for name in ORDER if name in present]
        self._header = {
            "rule_files": [str(file) for file in files],
            "evaluation_interval": "30s",
            "group_eval_order": [*first, *(name for name in present if name not in first)],
        }

    def with_visibility(self) -> Rules:
        """The same with the objective of the hub, whose rules take their time."""
        return Rules(self.folder, self._program, visibility=True)

    def firing(self, alert: str, labels: dict[str, str], **annotations: str) -> dict[str, object]:
        """An expected alert; what is not among ``annotations`` is as in the rule."""
        rule = self.alerts[alert]
        return {
            "exp_labels": {**rule["labels"], **labels},
            "exp_annotations": {**rule["annotations"], **annotations},
        }

    def alert(self, series: dict[str, str], at: str, alert: str, *expected: dict[str, object]) -> None:
        """Check that at ``at`` exactly ``expected`` fire of ``alert``."""
        check = {"eval_time": at, "alertname": alert, "exp_alerts": list(expected)}
        self._run(series, {"alert_rule_test": [check]})

    def values(self, series: dict[str, str], at: str, expected: Mapping[str, Mapping[str, float]]) -> None:
        """Check what each query gives at ``at``: the value of each series as text."""
        checks = [
            {
                "expr": query,
                "eval_time": at,
                "exp_samples": [{"labels": labels, "value": value} for labels, value in samples.items()],
            }
            for query, samples in expected.items()
        ]
        self._run(series, {"promql_expr_test": checks})

    def _run(self, series: dict[str, str], checks: dict[str, object]) -> None:
        inputs = [{"series": one, "values": values} for one, values in series.items()]
        content = {**self._header, "tests": [{"interval": "30s", "input_series": inputs, **checks}]}
        file = self.folder / "test.yaml"
        file.write_text(yaml.safe_dump(content, width=10**9))
        done = subprocess.run(
            [self._program, "test", "rules", str(file)], capture_output=True, text=True, check=False
        )

        assert done.returncode == 0, done.stdout + done.stderr


ORDER = ("hub-expected", "hub-sites", "hub-sums", "hub-slo-sums", "hub-merged", "hub-figures", "hub-fleet-alerts")


@pytest.fixture
def rules_of(egress: Egress, tmp_path: Path) -> Callable[..., Rules]:
    """Render a fleet and give the rules of one of its Prometheuses."""

    def made(fleet: Fleet, folder: str = "shard-0") -> Rules:
        program = shutil.which("promtool") or pytest.fail("promtool is not installed; run: make setup")
        files: Iterable[artifacts.Artifact] = hub.render(
            fleet, egress, PrometheusVersion.V2_42, objectives=visibility.load(ALERTS)
        )
        artifacts.write(files, tmp_path / "rendered")
        return Rules(tmp_path / "rendered/hub" / folder, program)

    return made


@pytest.fixture
def rules(rules_of: Callable[..., Rules], fleet: Fleet) -> Rules:
    """The rules of the one shard of the small fleet."""
    return rules_of(fleet)
