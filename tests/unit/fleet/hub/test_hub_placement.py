from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from gridobs.fleet import hub, sharding
from gridobs.fleet.hub.placement import placed
from gridobs.slo.promql import PrometheusVersion

if TYPE_CHECKING:
    from gridobs.fleet.egress.model import Egress
    from gridobs.fleet.model import Fleet


def test_the_files_say_the_shard_of_every_site_that_is_pulled(sharded: Fleet, egress: Egress) -> None:
    files = hub.render(sharded, egress, PrometheusVersion.V2_42)
    assigned = sharding.assign([site.id for site in sharded.watched], 2)
    del assigned["sub-0013"]  # it pushes

    assert placed((file.path, file.content) for file in files) == assigned


def test_what_is_no_file_of_ours_says_nothing() -> None:
    path = PurePosixPath("hub/shard-0/targets/north.json")
    others = ["", "{", "3", "[3]", '[{"labels": {}}]', "null"]

    assert placed((path, text) for text in others) == {}
    assert placed([(PurePosixPath("hub/shard-x/targets/north.json"), "[]")]) == {}
