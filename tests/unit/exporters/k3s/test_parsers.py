"""What is read from each kind of answer, and that none can raise more than it says."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from gridobs_exporters.k3s.capacity import Resources, pod_limits, pod_requests
from gridobs_exporters.k3s.jsonlist import ListError, ObjectList
from gridobs_exporters.k3s.kubelet import read_metrics
from gridobs_exporters.k3s.leases import read_lease
from gridobs_exporters.k3s.nodes import read_node
from gridobs_exporters.k3s.pods import WASM_CLASSES, PodFacts
from gridobs_exporters.k3s.quantity import parse_quantity
from gridobs_exporters.k3s.readyz import parse_readyz, worth_telling
from gridobs_exporters.k3s.resource import read_resource
from gridobs_exporters.k3s.rows import COUNTERS
from gridobs_exporters.k3s.workloads import Workload, choose, read_workload
from gridobs_exporters.names import k3s as names
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

steady = settings(derandomize=True, database=None, deadline=None)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "metadata", "spec", "status", "name", "namespace", "uid", "phase", "replicas", "conditions", "type", "Ready",
    "allocatable", "cpu", "memory", "addresses", "daemonEndpoints", "kubeletEndpoint", "Port", "renewTime",
    "containers", "initContainers", "resources", "requests", "limits", "containerStatuses", "restartCount", "state",
    "waiting", "reason", "overhead", "nodeName", "availableReplicas", "desiredNumberScheduled", "numberAvailable",
)  # fmt: skip
an_object = st.recursive(
    anything | st.sampled_from(["True", "Running", "100m", "1e99", "2023-11-14T22:13:20Z"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=12,
).filter(lambda value: isinstance(value, dict))
EDGES_0_11 = ("0.005", "0.025", "0.1", "0.25", "0.65", "2", "5", "15", "+Inf")


def one_of(body: bytes, index: int = 0) -> dict[str, Any]:
    item: dict[str, Any] = json.loads(body)["items"][index]
    return item


# --- /readyz -------------------------------------------------------------------------------------------------------
def test_checks_that_fail_are_told_from_those_that_pass(fixture_bytes: Callable[[str], bytes]) -> None:
    checks = parse_readyz(fixture_bytes("readyz-failed.txt"))

    assert len(checks) == 11
    assert not checks["etcd"]
    assert checks["ping"]


def test_the_main_checks_are_told_always_and_two_others_while_they_fail(
    fixture_bytes: Callable[[str], bytes],
) -> None:
    whole, failed = (parse_readyz(fixture_bytes(f"readyz-{state}.txt")) for state in ("ok", "failed"))

    assert list(worth_telling(whole)) == ["etcd", "etcd-readiness", "informer-sync"]
    assert list(worth_telling(failed))[3:] == [
        "poststarthook/crd-informer-synced",
        "poststarthook/rbac/bootstrap-roles",
    ]


@steady
@given(
    st.binary(max_size=300) | st.lists(st.sampled_from([b"[+]a ok\n", b"[-]a failed: x\n", b"[", b"]"])).map(b"".join)
)
def test_no_readyz_answer_breaks_the_parser(body: bytes) -> None:
    assert all(name for name in worth_telling(parse_readyz(body)))


# --- lists ---------------------------------------------------------------------------------------------------------
@steady
@given(st.lists(st.dictionaries(st.text(), anything, max_size=3), max_size=5), st.data())
def test_a_list_is_the_same_however_it_is_cut(items: list[dict[str, Any]], data: st.DataObject) -> None:
    body = json.dumps({"kind": "PodList", "items": items, "metadata": {"continue": "é"}}, ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )
    size = data.draw(st.integers(1, 40))
    found = ObjectList(body[at : at + size] for at in range(0, len(body), size))

    assert repr(list(found)) == repr(json.loads(body.decode("utf-8", "replace"))["items"])
    assert found.fields == {"kind": "PodList", "metadata": {"continue": "é"}}


@steady
@given(st.binary(max_size=200) | st.text('[]{}":,items0e-. \n', max_size=60).map(str.encode), st.integers(1, 9))
def test_what_is_no_list_is_a_list_error(body: bytes, size: int) -> None:
    found = ObjectList(body[at : at + size] for at in range(0, len(body), size))
    try:
        assert all(isinstance(item, dict) for item in found)
    except ListError as error:
        assert str(error)  # noqa: PT017 - either is right


def test_a_list_cut_short_is_an_error_after_the_items_that_came(fixture_bytes: Callable[[str], bytes]) -> None:
    body = fixture_bytes("nodes.json")
    found = iter(ObjectList([body[: len(body) - 200]]))

    assert next(found)["metadata"]["name"] == "edge-1"
    with pytest.raises(ListError, match="ends too early"):
        list(found)


def test_items_that_are_null_are_no_items() -> None:
    assert list(ObjectList([b'{"items":null,"metadata":{}}'])) == []


def test_an_object_nested_without_end_is_an_error() -> None:
    with pytest.raises(ListError):
        list(ObjectList([b'{"items":[', b"[" * 100_000]))


# --- objects -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("100m", 0.1),
        ("4", 4),
        ("512Mi", 2**29),
        ("1.5Gi", 1.5 * 2**30),
        ("1e3", 1000),
        ("2k", 2000),
        ("5E", 5e18),
        (3, 3),
    ],
)
def test_a_quantity_is_in_its_base_unit(text: object, value: float) -> None:
    assert parse_quantity(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "-1", "m", "1.2.3", "1Zi", "NaN", None, True, {}, "1 Gi"])
def test_what_is_no_quantity_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="is not a quantity"):
        parse_quantity(text)


@steady
@given(st.text(max_size=12) | st.from_regex(r"[0-9]+\.?[0-9]*([eE][0-9]+)?[KMGTPE]?i?", fullmatch=True) | anything)
def test_no_text_makes_a_quantity_that_is_no_amount(text: object) -> None:
    try:
        assert 0 <= parse_quantity(text) < math.inf
    except ValueError as error:
        assert str(error)  # noqa: PT017 - either is right


def test_a_node_tells_what_it_lacks_and_where_its_kubelet_is(fixture_bytes: Callable[[str], bytes]) -> None:
    node = read_node(one_of(fixture_bytes("nodes.json"), 1))

    assert (node.name, node.ready, node.pressure) == ("edge-2", True, ("MemoryPressure",))
    assert (node.cpu, node.memory) == (3.9, 8045888 * 1024)
    assert (node.addresses["InternalIP"], node.kubelet_port) == ("127.0.0.1", 10250)


def test_a_condition_nobody_knows_is_no_good_one(fixture_bytes: Callable[[str], bytes]) -> None:
    """The node controller sets Unknown when the kubelet no longer reports."""
    item = one_of(fixture_bytes("nodes.json"))
    for condition in item["status"]["conditions"]:
        condition["status"] = "Unknown"
    node = read_node(item)

    assert not node.ready
    assert node.pressure == ("DiskPressure", "MemoryPressure", "PIDPressure")


def test_a_lease_tells_when_it_was_renewed(fixture_bytes: Callable[[str], bytes]) -> None:
    assert read_lease(one_of(fixture_bytes("leases.json"))) == ("edge-1", 1_699_999_995.25)


def test_replicas_that_are_left_out_are_one_and_none(fixture_bytes: Callable[[str], bytes]) -> None:
    assert read_workload({"metadata": {"name": "a"}}, "Deployment") == Workload(
        namespace="", kind="Deployment", name="a", desired=1, available=0
    )
    daemons = read_workload(one_of(fixture_bytes("daemonsets.json")), "DaemonSet")
    assert (daemons.desired, daemons.available) == (2, 2)


def test_of_too_many_workloads_those_that_lack_replicas_stay() -> None:
    def workload(name: str, desired: int, available: int) -> Workload:
        return Workload(namespace="n", kind="Deployment", name=name, desired=desired, available=available)

    lacking, large, small = workload("c", 2, 1), workload("a", 9, 9), workload("b", 1, 1)

    assert choose([small, large, lacking], 2) == [large, lacking]
    assert choose([small, large, lacking], 3) == [large, small, lacking]


def test_a_pod_asks_for_its_peak_and_its_overhead(fixture_bytes: Callable[[str], bytes]) -> None:
    """The init container asks for 500m, more than 250m and a sidecar's 50m together; memory is reversed."""
    spec = one_of(fixture_bytes("pods.json"), 3)["spec"]

    assert pod_requests(spec) == Resources(0.51, (256 + 32 + 16) * 2**20)
    assert pod_limits(spec) == Resources(0.1, 64 * 2**20)


def test_pods_are_counted_by_phase_runtime_and_what_they_wait_for(fixture_bytes: Callable[[str], bytes]) -> None:
    facts = PodFacts()
    for item in json.loads(fixture_bytes("pods.json"))["items"]:
        facts.add(item, wasm_classes=WASM_CLASSES)

    assert facts.phases["Running", "wasm"] == 2
    assert facts.phases["Pending", "other"] == 2
    assert facts.waiting == {"CrashLoopBackOff": 1, "ImagePull": 1, "CreateContainer": 0}
    assert facts.restarts["uid-power-data-processor-1", "processor"] == ("wasm", 5)
    assert facts.requests.cpu == pytest.approx(0.1 + 0.1 + 0.51 + 1 + 0.1), (
        "neither what is over nor what has no node"
    )


def test_nothing_of_a_pod_that_makes_no_sense_is_counted(fixture_bytes: Callable[[str], bytes]) -> None:
    item, facts = one_of(fixture_bytes("pods.json")), PodFacts()
    item["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "much"
    with pytest.raises(ValueError, match="much"):
        facts.add(item, wasm_classes=WASM_CLASSES)

    assert facts == PodFacts()


@steady
@given(an_object)
def test_no_object_raises_anything_but_a_value_error(item: dict[str, Any]) -> None:
    readers: list[Callable[[dict[str, Any]], object]] = [
        read_node,
        read_lease,
        lambda one: read_workload(one, "DaemonSet"),
        lambda one: read_workload(one, "Deployment"),
        lambda one: PodFacts().add(one, wasm_classes=WASM_CLASSES),
        pod_requests,
        pod_limits,
    ]
    for read in readers:
        try:
            read(item)
        except ValueError as error:
            assert str(error)  # noqa: PT017 - either is right


# --- kubelets ------------------------------------------------------------------------------------------------------
def test_the_usage_of_the_node_is_read_whatever_its_timestamp(fixture_bytes: Callable[[str], bytes]) -> None:
    facts = read_resource([fixture_bytes("metrics-resource.prom")])

    assert (facts.cpu, facts.memory, facts.whole) == (357.35491, 1.616273408e9, True)


@pytest.mark.parametrize("name", [b"resource_scrape_error", b"scrape_error"])
def test_a_kubelet_that_could_not_read_everything_says_so(name: bytes, fixture_bytes: Callable[[str], bytes]) -> None:
    body = fixture_bytes("metrics-resource.prom").replace(b"resource_scrape_error 0", name + b" 1")

    assert not read_resource([body]).whole


def test_a_server_gives_its_rows_and_nothing_else_is_parsed(fixture_bytes: Callable[[str], bytes]) -> None:
    facts = read_metrics([fixture_bytes("metrics-server.prom")])

    assert facts.unusable == 0
    assert set(facts.counters) == {row.metric for row in COUNTERS}
    assert facts.counters[names.EVICTIONS] == {(): 3}
    assert facts.counters[names.SANDBOX_RUNS] == {("default",): 10, ("wasmedge",): 4}
    assert facts.counters[names.CONNECTION_WAIT] == {(): 0.25}, "of kine's database only"
    assert facts.certificates["CN=etcd-client", "ClientAuth"] == 2.59e6
    assert facts.certificates["CN=system:kube-scheduler", "ClientAuth"] == -86400, "expired"


def test_kine_0_11_is_one_histogram_of_all_its_error_codes(fixture_bytes: Callable[[str], bytes]) -> None:
    sql = read_metrics([fixture_bytes("metrics-server.prom")]).sql

    assert sql
    assert sql.edges == EDGES_0_11
    assert sql.buckets["0.005"] == 3800 + 5
    assert sql.buckets["+Inf"] == 4000 + 5
    assert sql.total == pytest.approx(9.504)


def test_kine_0_16_is_one_histogram_of_all_its_names(fixture_bytes: Callable[[str], bytes]) -> None:
    facts = read_metrics([fixture_bytes("metrics-kine-0.16.prom")])

    assert facts.sql
    assert facts.sql.edges == ("0.001", "0.004", "0.016", "0.064", "0.256", "1.024", "4.096", "+Inf")
    assert facts.sql.buckets["0.004"] == 102 + 302
    assert facts.counters[names.SQL_OPERATIONS] == {("none",): 428, ("5",): 2}


def test_a_negative_sum_is_left_out_with_its_count(fixture_bytes: Callable[[str], bytes]) -> None:
    facts = read_metrics([fixture_bytes("metrics-agent.prom")])

    assert names.POD_START_SECONDS not in facts.counters
    assert names.POD_STARTS not in facts.counters
    assert names.SANDBOX_SECONDS in facts.counters
    assert facts.unusable == 2


@pytest.mark.parametrize(
    "rows",
    [
        b'_bucket{le="1"} 5\nX_bucket{le="+Inf"} 4\nX_sum 1',
        b'_bucket{le="1"} 5\nX_sum 1',
        b'_bucket{le="one"} 5\nX_bucket{le="+Inf"} 5\nX_sum 1',
        b'_bucket{le="1"} 5\nX_bucket{le="+Inf"} 5',
        b'_bucket{le="1"} NaN\nX_bucket{le="+Inf"} 5\nX_sum 1',
    ],
)
def test_what_is_no_histogram_is_none(rows: bytes) -> None:
    facts = read_metrics([(b"X" + rows + b"\n").replace(b"X", b"kine_sql_time_seconds")])

    assert facts.sql is None
    assert facts.unusable >= 1


LINES = [
    b'kine_sql_time_seconds_bucket{le="', b"kine_sql_time_seconds_sum ", b"kubelet_evictions ", b"1", b"-5", b"NaN",
    b"+Inf", b'"} ', b'k3s_certificate_expiration_seconds{subject="', b'",usages="', b"node_cpu_usage_seconds_total ",
    b"\n", b"\\", b"{", b"}", b"resource_scrape_error 0",
]  # fmt: skip


@steady
@given(st.lists(st.sampled_from(LINES) | st.binary(max_size=6), max_size=30).map(b"".join), st.integers(1, 50))
def test_no_exposition_breaks_the_parsers(body: bytes, size: int) -> None:
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    facts, usage = read_metrics(chunks), read_resource(chunks)

    assert all(value >= 0 and math.isfinite(value) for found in facts.counters.values() for value in found.values())
    assert all(value is None or value >= 0 for value in (usage.cpu, usage.memory))
