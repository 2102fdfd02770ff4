"""Counters of several nodes as one, certificates of several nodes in order."""

from __future__ import annotations

from gridobs_exporters.k3s.certificates import SHOWN, CertificateLedger
from gridobs_exporters.k3s.kubelet import SqlTimes
from gridobs_exporters.k3s.sql import SqlHistogram
from gridobs_exporters.k3s.tally import Tally
from hypothesis import given, settings
from hypothesis import strategies as st


def test_what_was_counted_before_we_came_is_not_ours() -> None:
    tally = Tally()
    tally.note("a", {("x",): 100.0})
    tally.note("a", {("x",): 103.0, ("y",): 2.0})

    assert tally.sums() == {("x",): 3.0, ("y",): 2.0}


def test_a_source_that_is_new_counts_from_nothing() -> None:
    tally = Tally()
    tally.note("pod", {("x",): 2.0}, new=True)

    assert tally.sums() == {("x",): 2.0}


def test_a_restart_of_one_counter_is_one_of_all() -> None:
    """Else the lower bucket could rise by more than the one that holds it."""
    tally = Tally()
    tally.note("a", {("0.1",): 100.0, ("+Inf",): 110.0})
    tally.note("a", {("0.1",): 50.0, ("+Inf",): 112.0})

    assert tally.sums() == {("0.1",): 50.0, ("+Inf",): 112.0}


def test_a_node_that_is_gone_takes_nothing_along() -> None:
    tally = Tally()
    tally.note("a", {(): 1.0})
    tally.note("a", {(): 5.0})
    tally.keep([])
    tally.note("a", {(): 9.0})

    assert tally.sums() == {(): 4.0}


def test_what_is_above_the_limit_goes_together() -> None:
    tally = Tally()
    tally.note("a", {("x",): 0.0})
    tally.note("a", {("x",): 1.0, ("y",): 2.0, ("z",): 4.0})

    assert tally.sums(3) == {("x",): 1.0, ("y",): 2.0, ("z",): 4.0}
    assert tally.sums(2) == {("x",): 1.0, ("other",): 6.0}


@settings(derandomize=True, database=None, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.integers(0, 50))))
def test_a_tally_never_goes_down(notes: list[tuple[str, str, int]]) -> None:
    tally = Tally()
    before: dict[tuple[str, ...], float] = {("x",): 0.0, ("y",): 0.0}
    for source, label, value in notes:
        tally.note(source, {(label,): float(value)})
        now = {**before, **tally.sums()}
        assert all(now[labels] >= before[labels] for labels in before)
        before = now


def test_an_upgrade_that_changes_the_edges_is_a_restart() -> None:
    histogram = SqlHistogram()
    histogram.note("a", SqlTimes(buckets={"0.005": 5, "+Inf": 7}, total=1.0))
    histogram.note("a", SqlTimes(buckets={"0.005": 8, "+Inf": 11}, total=1.5))
    assert histogram.cumulative() == ([("0.005", 3), ("+Inf", 4)], 0.5)

    histogram.note("a", SqlTimes(buckets={"0.001": 1, "+Inf": 1}, total=0.1))
    assert histogram.cumulative() == ([("0.001", 0), ("+Inf", 0)], 0.0)


def test_an_expiry_stands_still_while_k3s_does_not_look_again() -> None:
    """It looks every 30 min; between, the seconds it gives stay the same and the time would drift with ours."""
    ledger, key = CertificateLedger(), ("CN=k3s", "ServerAuth")
    ledger.note("a", {key: 1000.0}, wall=50.0)
    ledger.note("a", {key: 1000.0}, wall=110.0)
    assert [one.expiry for one in ledger.soonest(["a"])] == [1050.0]

    ledger.note("a", {key: 400.0}, wall=640.0)
    assert [one.expiry for one in ledger.soonest(["a"])] == [1040.0]


def test_the_soonest_certificates_of_the_nodes_that_answer_are_told() -> None:
    ledger = CertificateLedger()
    ledger.note("a", {(f"CN={number}", "CertSign"): number * 100.0 for number in range(9)}, wall=0)
    ledger.note("b", {("CN=b", ""): -5.0}, wall=0)

    assert [one.expiry for one in ledger.soonest(["a", "b"])] == [-5.0, 0.0, 100.0]
    assert len(ledger.soonest(["a"])) == SHOWN
