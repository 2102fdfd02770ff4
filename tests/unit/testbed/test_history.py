from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from gridobs.errors import ComponentFailed
from gridobs.testbed.history import Series, openmetrics, serving, write_blocks

if TYPE_CHECKING:
    from pathlib import Path

AT = 1_700_000_000


def a_series(*times: float) -> Series:
    return Series(name="a_total", labels={"x": "y"}, times=times, values=[7.0 * at for at in range(len(times))])


def test_the_text_holds_the_samples_from_the_first_moment_until_before_the_last() -> None:
    assert 'a_total{x="y"} 7 2.500\na_total{x="y"} 14 3.000\n# EOF\n' == openmetrics([a_series(1, 2.5, 3, 4)], 2, 4)
    assert openmetrics([a_series(1, 2.5, 3, 4)], 5, 9) == ""


@pytest.mark.e2e
def test_a_server_answers_from_blocks_far_apart(tmp_path: Path) -> None:
    write_blocks([a_series(AT, AT + 30.5, AT + 86_400)], tmp_path / "data")
    with serving(tmp_path / "data", folder=tmp_path) as url:
        answer = requests.get(
            f"{url}/api/v1/query", params={"query": "a_total[30d]", "time": str(AT + 90_000)}, timeout=30
        ).json()

    assert [[AT, "0"], [AT + 30.5, "7"], [AT + 86_400, "14"]] == answer["data"]["result"][0]["values"]


@pytest.mark.e2e
def test_samples_that_promtool_refuses_are_its_words(tmp_path: Path) -> None:
    with pytest.raises(ComponentFailed, match="promtool did not write the block"):
        write_blocks([Series(name="a b", times=[AT], values=[1])], tmp_path / "data")
