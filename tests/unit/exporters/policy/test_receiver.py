"""What is exposed of the logs and the status that OPAs send."""

from __future__ import annotations

import json
import logging
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest
from gridobs_exporters.pages import Request
from gridobs_exporters.policy.batches import Limits
from gridobs_exporters.policy.collector import PolicySettings
from gridobs_exporters.policy.counts import REMEMBERED, Counts, PathLimits
from gridobs_exporters.policy.decisions import Decision, Meaning
from gridobs_exporters.policy.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.exporters.conftest import Hands
    from tests.unit.exporters.policy.conftest import Sent

    Make = Callable[..., Sent]

SECRET = "PLANTED-SECRET"  # noqa: S105 - planted to be looked for
DECISIONS = "gridobs_policy_decisions_total"
DUPLICATES = "gridobs_policy_duplicates_total"


def event(number: int, path: str = "a/allow", **more: object) -> dict[str, object]:
    return {"decision_id": f"id-{number}", "path": path, "result": True, **more}


@pytest.mark.parametrize("path", ["/logs", "/logs/energy", "/logs/energy/north"])
def test_a_batch_is_counted_by_path_and_result(sent: Make, batch: list[Any], hands: Hands, path: str) -> None:
    to = sent()
    hands.now = 7.0
    assert to.post(batch, path) == HTTPStatus.OK

    assert to.value(DECISIONS, "energy/smartgrid/process_data", "allow") == 2
    assert to.value(DECISIONS, "energy/smartgrid/export", "deny") == 1
    assert to.value(DECISIONS, "energy/smartgrid/export", "allow") == 0
    assert to.value(DECISIONS, "other", "allow") == 1
    assert to.value("gridobs_policy_other_paths_total") == 1
    assert to.value("gridobs_policy_unparseable_total") == 2
    assert to.value("gridobs_policy_redacted_total") == 2
    assert to.value("gridobs_policy_evaluation_duration_seconds_count") == 15
    assert to.value("gridobs_policy_bundle_info", "energy", "2026-11-20.3") == 1
    assert to.value("gridobs_policy_batches_total", "accepted") == 1
    assert to.value("gridobs_policy_last_batch_timestamp_seconds") == hands.clock.wall()


def test_no_input_comes_out_in_a_label_an_answer_or_a_line_of_the_log(
    sent: Make, batch: list[Any], status: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    to = sent()
    odd = (SECRET, f'[{{"input": "{SECRET}"', f'{{"{SECRET}": 1}}', json.dumps(status))
    answers = [
        route.answer(Request(method="POST", path=f"/logs/{SECRET}", query={SECRET: [SECRET]}, body=body)).body
        for route in to.collector.routes()
        for body in (json.dumps(batch).encode(), *map(str.encode, odd))
    ]
    exposed = repr(to.collector.collect().samples.families())

    assert SECRET in json.dumps(batch)
    assert SECRET not in f"{answers}{caplog.text}{exposed}"


def test_a_batch_sent_again_is_counted_once(sent: Make) -> None:
    """OPA sends again when our answer was lost."""
    to = sent()
    for _ in range(3):
        assert to.post([event(1), event(2)]) == HTTPStatus.OK

    assert to.value(DECISIONS, "a/allow", "allow") == 2
    assert to.value(DUPLICATES) == 4


def test_decisions_without_an_id_are_all_counted(sent: Make) -> None:
    to = sent()
    to.post([{"path": "a", "result": True}] * 2)

    assert (to.value(DECISIONS, "a", "allow"), to.value(DUPLICATES)) == (2, 0)


def test_ids_are_remembered_up_to_a_number(sent: Make) -> None:
    to = sent()
    to.post([event(number) for number in range(REMEMBERED + 1)])
    to.post([event(1), event(0)])

    assert to.value(DUPLICATES) == 1
    assert to.value(DECISIONS, "a/allow", "allow") == REMEMBERED + 2


def test_a_batch_that_breaks_off_counts_nothing_so_that_it_can_come_again_whole(sent: Make) -> None:
    to = sent()
    whole = json.dumps([event(1), event(2)]).encode()
    assert to.post(whole[:-5]) == HTTPStatus.BAD_REQUEST
    assert to.value(DECISIONS, "a/allow", "allow") is None
    assert to.value("gridobs_policy_last_batch_timestamp_seconds") == 0

    assert to.post(whole) == HTTPStatus.OK
    assert to.value(DECISIONS, "a/allow", "allow") == 2
    assert to.value("gridobs_policy_batches_total", "unparseable") == 1


def test_what_is_too_large_is_refused_and_counted(sent: Make) -> None:
    to = sent(PolicySettings(limits=Limits(size=2_000, events=3)))

    assert to.post([event(number) for number in range(4)]) == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert to.post([event(1, input=SECRET * 1_000)]) == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert to.value("gridobs_policy_batches_total", "too_large") == 2
    assert {route.body_limit for route in to.collector.routes()} == {2_000, 1 << 20}


def test_paths_beyond_the_limit_are_one(sent: Make) -> None:
    to = sent(PolicySettings(paths=PathLimits(known=("z",), most=3)))
    to.post([event(number, f"p{number}") for number in range(10)])

    exposed = {labels for name, labels in _series(to) if name == DECISIONS}
    assert {path for path, _ in exposed} == {"z", "p0", "p1", "other"}
    assert to.value(DECISIONS, "other", "allow") == 8
    assert to.value("gridobs_policy_other_paths_total") == 8


def test_with_only_the_paths_given_every_other_is_other_and_they_stand_at_zero(sent: Make) -> None:
    to = sent(PolicySettings(paths=PathLimits(known=("a/allow",), only_known=True)))
    assert to.value(DECISIONS, "a/allow", "deny") == 0

    to.post([event(1), event(2, "b")])
    assert to.value(DECISIONS, "a/allow", "allow") == 1
    assert to.value(DECISIONS, "other", "allow") == 1
    assert to.value(DECISIONS, "b", "allow") is None


def test_evaluation_times_fall_on_the_edges_of_the_latency_objectives(sent: Make) -> None:
    to = sent()
    to.post([event(ms, metrics={"timer_rego_query_eval_ns": ms * 1_000_000}) for ms in (10, 20, 30, 50)])
    name = "gridobs_policy_evaluation_duration_seconds_bucket"

    assert [to.value(name, edge) for edge in ("0.005", "0.01", "0.02", "0.03", "0.05")] == [0, 1, 2, 3, 4]
    assert to.value(name, "1e-05") == 0


def test_the_revision_is_that_of_the_newest_decision_and_goes_when_none_come(sent: Make, hands: Hands) -> None:
    to = sent()
    to.post([event(1, bundles={"energy": {"revision": "1"}})])
    to.post([event(2, bundles={"energy": {"revision": "2"}})])
    assert to.value("gridobs_policy_bundle_info", "energy", "1") is None
    assert to.value("gridobs_policy_bundle_info", "energy", "2") == 1

    hands.now += 3_601
    assert to.value("gridobs_policy_bundle_info", "energy", "2") is None
    assert to.value(DECISIONS, "a/allow", "allow") == 2


def test_what_was_refused_is_said_once(sent: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    to = sent()
    for body in (b"{}", b"{}", b"[]", b"[]"):
        to.post(body)

    assert [record.getMessage() for record in caplog.records] == [
        "refused a batch of decision logs: not a JSON array",
        "decision logs are taken again",
    ]


class Held(Receiver):
    """Reads a batch when it may."""

    entered = threading.Event()
    gate = threading.Event()

    def _read(self, body: bytes) -> tuple[list[Decision], int]:
        self.entered.set()
        assert self.gate.wait(30)
        return super()._read(body)


def test_a_batch_that_waits_too_long_for_the_one_before_is_to_be_sent_again(hands: Hands) -> None:
    counts = Counts(PathLimits(), clock=hands.clock)
    receiver = Held(counts, limits=Limits(), meaning=Meaning(), clock=hands.clock, patience=0.01)
    request = Request(method="POST", path="/logs", body=b'[{"path": "a", "result": true}]')
    first: list[HTTPStatus] = []
    thread = threading.Thread(target=lambda: first.append(receiver.logs(request).status))
    thread.start()
    assert receiver.entered.wait(30)
    second = receiver.logs(request).status
    receiver.gate.set()
    thread.join()

    assert (first, second) == ([HTTPStatus.OK], HTTPStatus.SERVICE_UNAVAILABLE)
    assert receiver.logs(request).status == HTTPStatus.OK


# --- what OPA says it dropped --------------------------------------------------------------------------------------
def dropped(status: dict[str, Any], number: int, instance: str = "one") -> dict[str, Any]:
    counters = {"counter_decision_logs_dropped_rate_limit_exceeded": number}
    return status | {"labels": {"id": instance}, "metrics": {"<built-in>": counters}}


def test_drops_are_added_up_over_instances_and_restarts(sent: Make, status: dict[str, Any]) -> None:
    to = sent()
    name = "gridobs_policy_opa_dropped_total"
    assert to.value(name, "rate_limit") == to.value(name, "buffer_full") == 0

    assert to.post(dropped(status, 5), "/status") == HTTPStatus.OK
    assert to.value(name, "rate_limit") == 0  # they may have been counted before we started
    for number in (8, 8, 2):  # 2: it was restarted
        to.post(dropped(status, number), "/status/energy")
    to.post(dropped(status, 0, "two"), "/status")
    to.post(dropped(status, 10, "two"), "/status")

    assert to.value(name, "rate_limit") == 3 + 2 + 10


def test_the_status_of_the_fixture_has_the_counters(sent: Make, status: dict[str, Any]) -> None:
    to = sent()
    to.post(status | {"metrics": {}}, "/status")
    to.post(status, "/status")

    assert to.value("gridobs_policy_opa_dropped_total", "rate_limit") == 2
    assert to.value("gridobs_policy_opa_dropped_total", "buffer_full") == 5


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"1", b'{"labels": 1}', b'{"labels": {"id": 1}}', b"[" * 90_000])
def test_what_is_no_status_is_refused(sent: Make, body: bytes) -> None:
    assert sent().post(body, "/status") == HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize("value", [-1, True, 1.5, "3", None, 2**70])
def test_a_counter_that_cannot_be_is_left_out(sent: Make, status: dict[str, Any], value: int) -> None:
    to = sent()
    to.post(dropped(status, 0), "/status")

    assert to.post(dropped(status, value), "/status") == HTTPStatus.OK
    assert to.value("gridobs_policy_opa_dropped_total", "rate_limit") == 0


def _series(to: Sent) -> list[tuple[str, tuple[str, ...]]]:
    return [
        (sample.name, tuple(sample.labels.values()))
        for family in to.collector.collect().samples.families()[0]
        for sample in family.samples
    ]
