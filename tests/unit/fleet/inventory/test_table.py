from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gridobs.errors import SourceError
from gridobs.fleet import inventory
from gridobs.fleet.model import Fleet, Hub, Region, Site, State, Transport

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "id,region,address\n"
ROW = "sub-0001,east,a.example:9443\n"
FULL = """\
state,id,address,region,scrapeInterval,longitude,latitude,voltageClass,devices,nodes,transport
live,sub-0002, b.example:9443 ,west,,,,,,,
retired,"sub-0001","[2001:db8::1]:9443",east,30s,-13,52.50,380/110kV,1200,3,remote-write
"""


def load(folder: Path, text: str | bytes) -> Fleet:
    path = folder / "sites.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return inventory.load(path)


def problems(folder: Path, text: str | bytes) -> list[str]:
    """What is wrong with ``text``, as ``line:column code message; cure``."""
    with pytest.raises(SourceError) as caught:
        load(folder, text)
    return [str(one).removeprefix(f"{folder / 'sites.csv'}:") for one in caught.value.problems]


def expected_fleet() -> Fleet:
    return Fleet(
        regions=(Region(name="east"), Region(name="west")),
        hub=Hub(),
        sites=(
            Site(
                id="sub-0001",
                region="east",
                address="[2001:db8::1]:9443",
                coordinates=(52.5, -13.0),
                voltage_class="380/110kV",
                devices=1200,
                nodes=3,
                state=State.RETIRED,
                transport=Transport.REMOTE_WRITE,
                scrape_interval=30,
            ),
            Site(id="sub-0002", region="west", address="b.example:9443"),
        ),
        source="sites.csv",
    )


def test_columns_stand_in_any_order_and_empty_cells_say_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, FULL) == expected_fleet()


@pytest.mark.parametrize(
    "text",
    [
        FULL.replace("\n", "\r\n"),
        FULL.replace(",", ";"),
        "\ufeff" + FULL,
        FULL.replace("live,", "\n\nlive,") + "\n\n",
        FULL.removesuffix("\n"),
    ],
    ids=["windows", "semicolons", "byte-order-mark", "blank-lines", "no-last-line-break"],
)
def test_what_programs_export_is_read(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text) == expected_fleet()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1:1 GO001 the file is empty; write a header: id,region,address,latitude,longitude,voltageClass"),
        (HEAD, "1:1 GO001 the table has a header and no site; write a row for each"),
        ("id,region\nsub-0001,east\n", "1:1 GO005 the column 'address' is missing; write a header with id, region"),
        ("id,region,adress\na,b,c:1\n", "1:11 GO006 unknown column 'adress'; did you mean 'address'?"),
        ("id,region,address,Owner\na,b,c:1,d\n", "1:19 GO006 unknown column 'Owner'; leave it out; known here: id"),
        ("id,region,address,id\na,b,c:1,d\n", "1:19 GO706 the column 'id' is there twice; keep one of the two"),
        (HEAD + "\nsub-0001,east\n", "3:1 GO706 the row has 2 cells, the header 3; give it one for each column"),
        (HEAD + '"a\nb",east,"c', "3:9 GO706 a quote is opened and not closed; close it"),
        (HEAD + '"a"b,east,c:1\n', "2:4 GO706 there is text after the closing quote; double a quote"),
        (HEAD + ",east,a.example:9443\n", "2:1 GO005 id is missing; write a name of at most 63"),
        (HEAD + "Sub-1 , east,a.example:9443\n", "2:1 GO008 'Sub-1' is not a name; write 'sub-1', or"),
        (HEAD + "sub-1 ,  East,a.example:9443\n", "2:10 GO008 'East' is not a name; write 'east', or"),
        (
            HEAD + "sub-1,east,a.example\n",
            "2:12 GO701 'a.example' has no port; write it after a colon, as in a.example:9443",
        ),
        (HEAD + ROW + ROW.replace("a.", "b."), "3:1 GO009 the id 'sub-0001' is taken by the site in line 2; give"),
        (
            HEAD + ROW + ROW.replace("1,", "2,"),
            "3:15 GO702 the address 'a.example:9443' is taken by the site in line",
        ),
        (
            "id,region,address,latitude,longitude\nsub-1,east,a:1,52.5,213\n",
            "2:21 GO703 no longitude is 213, only -180 to 180; write latitude and longitude in degrees",
        ),
        (
            "id,region,address,latitude,longitude\nsub-1,east,a:1,52.5,\n",
            "2:16 GO703 half of a place is given; write both or neither",
        ),
        (
            'id;region;address;latitude;longitude\nsub-1;east;a:1;"52,5";13\n',
            "2:16 GO703 '52,5' is not in degrees; write a number such as 52.5",
        ),
        (
            "id,region,address,devices\nsub-1,east,a:1,1e3\n",
            "2:16 GO004 '1e3' is not a count; write a whole number from 0 to",
        ),
        (b"id,region,address\ncaf\xe9,east,a:1\n", "2:4 GO001 the file is not UTF-8; save it as UTF-8"),
        (HEAD + "a\x00,east,a:1\n", "2:2 GO001 control character '\\x00' in the file; remove it"),
    ],
)
def test_what_is_wrong_is_a_problem_at_its_cell(tmp_path: Path, text: str | bytes, expected: str) -> None:
    assert [one[: len(expected)] for one in problems(tmp_path, text)] == [expected]


def test_all_faulty_cells_are_reported_at_once(tmp_path: Path) -> None:
    text = "id,region,address,nodes\na,b,c:x,1\nA,b,c:1,0\na,,c:2,1\n"

    assert [one.split()[:2] for one in problems(tmp_path, text)] == [
        ["2:5", "GO701"],
        ["3:1", "GO008"],
        ["3:9", "GO004"],
        ["4:1", "GO005"],
        ["4:1", "GO009"],
    ]
