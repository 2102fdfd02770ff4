"""Passwords and rates."""

from __future__ import annotations

import base64
import threading
from collections import Counter
from typing import TYPE_CHECKING

import bcrypt
import pytest
from gridobs_exporters.web.auth import Bucket, Passwords, Verdict, credentials
from gridobs_exporters.web.config import Rate
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.unit.exporters.web.conftest import Now


def hashed(password: bytes, prefix: bytes = b"2y") -> bytes:
    made = bcrypt.hashpw(password[:72], bcrypt.gensalt(4))
    return b"$" + prefix + made[3:]


def encoded(text: bytes, scheme: str = "Basic") -> str:
    return f"{scheme} {base64.b64encode(text).decode()}"


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[bytes]:
    """How often each hash was computed."""
    seen: Counter[bytes] = Counter()
    real = bcrypt.checkpw

    def check(password: bytes, hash_: bytes) -> bool:
        seen[hash_] += 1
        return real(password, hash_)

    monkeypatch.setattr(bcrypt, "checkpw", check)
    return seen


@pytest.mark.parametrize(
    ("header", "read"),
    [
        (encoded(b"alice:open sesame"), ("alice", b"open sesame")),
        (encoded(b"alice:a:b:", "BASIC"), ("alice", b"a:b:")),
        (encoded("älice:ö".encode()), ("älice", "ö".encode())),
        (encoded(b":"), ("", b"")),
        (encoded(b"alice"), None),
        (encoded(b"alice:x", "Bearer"), None),
        ("Basic", None),
        ("Basic !!", None),
        ("", None),
        (None, None),
    ],
)
def test_name_and_password_are_read_from_the_header(header: str | None, read: tuple[str, bytes] | None) -> None:
    assert credentials(header) == read


@given(st.text() | st.binary().map(encoded))
@settings(derandomize=True, deadline=None)
def test_no_header_raises(header: str) -> None:
    assert credentials(header) is None or header.lower().startswith("basic")


@pytest.mark.parametrize("prefix", [b"2a", b"2b", b"2y"])
@pytest.mark.parametrize("password", [b"x", b"", "sésame".encode(), b"x" * 72, b"x" * 100])
def test_the_right_password_is_right_and_others_are_not(password: bytes, prefix: bytes) -> None:
    users = {"alice": hashed(password, prefix), "bob": hashed(b"other")}
    passwords = Passwords()

    assert passwords.check(users, "alice", password) is Verdict.YES
    assert passwords.check(users, "alice", b"y" + password) is Verdict.NO
    assert passwords.check(users, "bob", password) is Verdict.NO
    assert passwords.check(users, "carol", password) is Verdict.NO


def test_a_password_is_hashed_once_while_it_is_remembered(counted: Counter[bytes]) -> None:
    users = {"alice": hashed(b"x")}
    passwords = Passwords()
    verdicts = [passwords.check(users, "alice", password) for password in (b"x", b"y", b"x", b"y", b"x")]

    assert verdicts == [Verdict.YES, Verdict.NO, Verdict.YES, Verdict.NO, Verdict.YES]
    assert counted.total() == 2


def test_a_new_hash_is_not_answered_from_memory() -> None:
    passwords = Passwords()
    assert passwords.check({"alice": hashed(b"x")}, "alice", b"x") is Verdict.YES

    assert passwords.check({"alice": hashed(b"y")}, "alice", b"x") is Verdict.NO


def test_a_name_that_is_not_there_costs_a_hash_like_one_that_is(counted: Counter[bytes]) -> None:
    users = {"alice": hashed(b"x")}
    passwords = Passwords()

    assert passwords.check(users, "carol", b"x") is Verdict.NO
    assert counted == {users["alice"]: 1}


def test_what_is_remembered_is_bounded(counted: Counter[bytes]) -> None:
    users = {"alice": hashed(b"x")}
    passwords = Passwords()
    for tried in range(102):
        passwords.check(users, "alice", b"%d" % tried)
    passwords.check(users, "alice", b"0")
    passwords.check(users, "alice", b"101")

    assert counted.total() == 103


def test_a_flood_of_guesses_does_not_keep_out_who_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    users = {"alice": hashed(b"x")}
    passwords = Passwords()
    passwords.check(users, "alice", b"x")
    blocked, go = threading.Semaphore(0), threading.Event()

    def slow(_password: bytes, _hash: bytes) -> bool:
        blocked.release()
        return go.wait(10) and False

    monkeypatch.setattr(bcrypt, "checkpw", slow)
    guesses = [
        threading.Thread(target=passwords.check, args=(users, "alice", b"guess %d" % number)) for number in range(8)
    ]
    for guess in guesses:
        guess.start()
    assert blocked.acquire(timeout=10)
    verdicts = []
    while Verdict.BUSY not in verdicts:
        verdicts.append(passwords.check(users, "alice", b"one too many"))
    known = passwords.check(users, "alice", b"x")
    go.set()
    for guess in guesses:
        guess.join()

    assert known is Verdict.YES
    assert blocked.acquire(timeout=10)


def test_a_burst_is_let_in_and_then_one_request_an_interval(now: Now) -> None:
    bucket = Bucket(Rate(interval=2.0, burst=3), now.clock)
    let_in = []
    for now.now in (0, 0, 0, 0, 1, 2, 3, 4, 100, 100, 100, 100):
        let_in.append(bucket.take())

    assert let_in == [True, True, True, False, False, True, False, True, True, True, True, False]
