"""The clients of one probe and the time they share. Whatever a broker does, a visit ends by its deadline."""

from __future__ import annotations

import math
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from gridobs_exporters.mqtt.blackbox.dial import Handshake, TlsFacts, resolve, told
from gridobs_exporters.mqtt.blackbox.link import Link, serve
from gridobs_exporters.mqtt.blackbox.module import LOST, TIMEOUT, StepError
from gridobs_exporters.mqtt.target import Broker, reason_name

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Sequence

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.mqtt.blackbox.allow import Target
    from gridobs_exporters.mqtt.blackbox.link import Connack
    from gridobs_exporters.mqtt.blackbox.module import Module

_WAKE = 0.1  # seconds between looks at the deadline
_INFLIGHT = 20  # messages without an acknowledgement; paho's own limit


class Visit:
    """Opens links to ``target`` as ``module`` says, waits for what they should bring, and closes them all.

    Topics and client ids are used once, so that probes at the same time do not see each other.
    """

    def __init__(self, target: Target, module: Module, *, clock: Clock, deadline: float) -> None:
        self.module = module
        self.nonce = uuid.uuid4().hex
        self.topic = f"{module.topic}/{self.nonce}"
        self.phases: dict[str, float] = {}
        self.tls: TlsFacts | None = None
        self.address: str | None = None
        self._target = target
        self._clock = clock
        self._deadline = self._end = deadline
        self._links: list[Link] = []

    def now(self) -> float:
        return self._clock.monotonic()

    def enter(self) -> Link:
        """The first link, the phases of which are kept. It is let in or refused: see its ``connack``.

        Raises:
            StepError: With the phase that was not reached as its step.
        """
        began = self.now()
        addresses = resolve(self._target.host, self._target.port, timeout=self._deadline - began)
        self.phases["resolve"] = self.now() - began
        unreached = StepError("resolve", "no address")
        for index, address in enumerate(addresses):
            self.address = address
            try:
                return self._open(share=len(addresses) - index, phases=self.phases)
            except StepError as problem:
                if problem.step != "tcp":
                    raise
                unreached = problem
        raise unreached

    def open(
        self,
        *,
        client_id: str | None = None,
        clean_start: bool = True,
        session_expiry: int = 0,
        login: tuple[str, str] | None = None,
    ) -> Link:
        """Another link, to the address that answered ``enter``; let in or refused.

        Raises:
            StepError: If there is no answer.
        """
        return self._open(
            client_id=client_id, clean_start=clean_start, session_expiry=session_expiry, login=login, phases={}
        )

    def admitted(self, link: Link) -> Connack:
        """What the broker said when it let ``link`` in.

        Raises:
            StepError: If it refused.
        """
        connack = link.connack
        if connack is None or connack.reason.is_failure:
            raise StepError("connack", reason_name(connack.reason) if connack else LOST)
        return connack

    def subscribe(self, link: Link, topic: str, *, qos: int) -> None:
        """Have ``topic`` sent to ``link``.

        Raises:
            StepError: If the broker refuses or does not answer.
        """
        packet = link.subscribe(topic, qos=qos)
        self.until("suback", lambda: packet in link.subacks, link)
        for reason in link.subacks[packet]:
            if reason.is_failure:
                raise StepError("suback", reason_name(reason))

    def publish(self, link: Link, topic: str, payload: bytes, *, qos: int, retain_for: int | None = None) -> None:
        """Publish and, but for QoS 0, wait until the broker has it.

        Raises:
            StepError: If the broker refuses or does not answer.
        """
        self.acknowledged(link, link.publish(topic, payload, qos=qos, retain_for=retain_for))

    def acknowledged(self, link: Link, packet: int) -> float:
        """When the broker said that it has the message.

        Raises:
            StepError: If it refuses it or does not answer.
        """
        self.until("puback", lambda: packet in link.acknowledged, link)
        at, reason = link.acknowledged[packet]
        if reason.is_failure:
            raise StepError("puback", reason_name(reason))
        return at

    def room(self, link: Link, packets: Sequence[int]) -> None:
        """Wait until the broker takes one more message besides those of ``packets`` it has not acknowledged.

        Raises:
            StepError: If it does not.
        """
        most = min(_INFLIGHT, self.admitted(link).capabilities["receive_maximum"])
        self.until("puback", lambda: sum(packet not in link.acknowledged for packet in packets) < most, link)

    def until(self, step: str, holds: Callable[[], bool], *needed: Link) -> None:
        """Serve every link until ``holds``.

        Raises:
            StepError: If time is up, or one of ``needed`` is lost.
        """
        while not holds():
            for link in needed:
                if link.lost:
                    raise StepError(step, link.lost)
            left = self._deadline - self.now()
            if left <= 0:
                raise StepError(step, TIMEOUT)
            serve(self._links, wait=min(left, _WAKE))

    @contextmanager
    def at_most(self, share: float) -> Iterator[None]:
        """Give what is done within at most this share of the time that is left."""
        whole = self._deadline
        self._deadline = min(whole, self.now() + max(0.0, whole - self.now()) * share)
        try:
            yield
        finally:
            self._deadline = whole

    @contextmanager
    def last_moments(self) -> Iterator[None]:
        """Give what is done within all the time there is, also what is kept for cleaning up."""
        usual, self._deadline = self._deadline, self._end
        try:
            yield
        finally:
            self._deadline = usual

    def leave(self, link: Link) -> None:
        """Say good-bye on ``link`` and forget it."""
        link.leave()
        if link in self._links:
            self._links.remove(link)

    def close(self) -> None:
        for link in list(self._links):
            self.leave(link)

    def _open(
        self,
        *,
        phases: dict[str, float],
        share: int = 1,
        client_id: str | None = None,
        clean_start: bool = True,
        session_expiry: int = 0,
        login: tuple[str, str] | None = None,
    ) -> Link:
        began = self.now()
        left = self._deadline - began
        if left <= 0:
            raise StepError("tcp", TIMEOUT)
        handshake = None
        if self.module.tls and self._target.tls:
            handshake = Handshake(self.module.tls, self._target.host, clock=self._clock, deadline=self._deadline)
        username, password = login or (self.module.username, self.module.password)
        broker = Broker(
            host=self.address or self._target.host,
            port=self._target.port,
            username=username,
            password=password,
            tls=cast("ssl.SSLContext | None", handshake),  # as much of one as paho uses
        )
        client = broker.new_client("blackbox", connect_timeout=left / share, client_id=client_id)
        link = Link(client, session_expiry=session_expiry, clock=self._clock)
        self._links.append(link)
        try:
            broker.connect(
                client,
                keepalive=max(1, math.ceil(2 * self.module.timeout)),
                clean_start=clean_start,
                session_expiry=session_expiry,
            )
        except (OSError, ValueError) as error:
            self.leave(link)
            if handshake is None or handshake.began is None:
                raise StepError("tcp", told(error)) from error
            phases["tcp"] = handshake.began - began
            raise StepError("tls", told(error)) from error
        connected = self.now()
        if handshake and handshake.began:
            phases["tcp"] = handshake.began - began
            phases["tls"] = connected - handshake.began
            self.tls = handshake.facts
        else:
            phases["tcp"] = connected - began
        self.until("connack", lambda: link.connack is not None, link)
        if link.connack:
            phases["connack"] = link.connack.at - connected
        return link
