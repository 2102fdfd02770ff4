from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from gridobs.fleet.simulation.behaviours import CLAIMED_SITE, Behaviour
from gridobs.fleet.simulation.edge import Edge
from gridobs.fleet.simulation.exposition import Exposition
from gridobs.fleet.simulation.shape import choose_series

if TYPE_CHECKING:
    from gridobs.fleet.egress.model import Egress

NOW = 1_796_000_000.0


def make_edge(egress: Egress, site: str = "sub-0001") -> Edge:
    exposition = Exposition(choose_series(egress, 20), interval=30)
    return Edge(
        site=site, region="east", exposition=exposition, interval=30, clock=lambda: NOW, huge=lambda _: b"huge"
    )


@pytest.mark.parametrize("site", ["sub-0001", "sub-0002", "sub-0777"])
def test_a_lossy_edge_answers_one_request_of_ten(egress: Egress, site: str) -> None:
    edge = make_edge(egress, site)
    edge.behaviour = Behaviour.LOSSY

    assert 10 == sum(edge.answers() for _ in range(100))


@pytest.mark.parametrize("behaviour", [Behaviour.HANG, Behaviour.REFUSE])
def test_a_dark_edge_answers_nothing(egress: Egress, behaviour: Behaviour) -> None:
    edge = make_edge(egress)
    edge.behaviour = behaviour

    assert not any(edge.answers() for _ in range(20))


def test_a_claim_replaces_the_site_and_nothing_else(egress: Egress) -> None:
    edge = make_edge(egress)
    honest = edge.answer(gzip=False)[1]
    edge.behaviour = Behaviour.CLAIM

    assert honest.replace(b"sub-0001", CLAIMED_SITE.encode()) == edge.answer(gzip=False)[1]


def test_the_head_tells_the_length_of_what_is_sent(egress: Egress) -> None:
    edge = make_edge(egress)
    head, body = edge.answer(gzip=True)

    assert f"Content-Length: {len(body)}\r\n".encode() in head
    assert edge.answer(gzip=False)[1] == gzip.decompress(body)
