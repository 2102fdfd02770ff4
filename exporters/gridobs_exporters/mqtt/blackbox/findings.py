"""What a probe found, and its series."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gridobs_exporters.metric import Samples
from gridobs_exporters.mqtt.blackbox.checks import wrong_password
from gridobs_exporters.names import probe as names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridobs_exporters.mqtt.blackbox.delivery import Tally
    from gridobs_exporters.mqtt.blackbox.dial import TlsFacts


@dataclass(slots=True, kw_only=True)
class Findings:
    """Filled as far as the probe got; times in seconds. ``checks`` has the reason of each that did not pass."""

    phases: Mapping[str, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    address: str | None = None
    tls: TlsFacts | None = None
    connack_reason: int | None = None
    capabilities: Mapping[str, float] = field(default_factory=dict)
    tallies: dict[int, Tally] = field(default_factory=dict)
    checks: dict[str, str | None] = field(default_factory=dict)

    def samples(self, *, duration: float, timeout: float) -> Samples:
        """Everything found; ``duration`` and ``timeout`` of the probe in seconds."""
        samples = Samples()
        samples.add(names.SUCCESS, not self.failures)
        samples.add(names.DURATION, duration)
        samples.add(names.TIMEOUT, timeout)
        if self.address:
            samples.add(names.IP_PROTOCOL, 6 if ":" in self.address else 4)
        for phase, seconds in self.phases.items():
            samples.add(names.PHASE_DURATION, seconds, phase)
        for step, reason in self.failures.items():
            samples.add(names.FAILURE, 1, step, reason)
        self._add_tls(samples)
        if self.connack_reason is not None:
            samples.add(names.CONNACK_REASON, self.connack_reason)
        for capability, value in self.capabilities.items():
            samples.add(names.CAPABILITY, value, capability)
        for qos, one in self.tallies.items():
            _add_tally(samples, str(qos), one)
        self._add_checks(samples)
        return samples

    def _add_checks(self, samples: Samples) -> None:
        for check, reason in self.checks.items():
            samples.add(names.CHECK_SUCCESS, reason is None, check)
        if self.checks.get(wrong_password.NAME, "") in (None, wrong_password.ACCEPTED):
            samples.add(names.WRONG_PASSWORD_ACCEPTED, self.checks[wrong_password.NAME] is not None)

    def _add_tls(self, samples: Samples) -> None:
        if self.tls is None:
            return
        if self.tls.earliest_expiry is not None:
            samples.add(names.CERTIFICATE_EXPIRY, self.tls.earliest_expiry)
        samples.add(names.TLS_VERSION, 1, self.tls.version)
        samples.add(names.TLS_CIPHER, 1, self.tls.cipher)


def _add_tally(samples: Samples, qos: str, one: Tally) -> None:
    samples.add(names.SENT, one.sent, qos)
    samples.add(names.LOST, one.lost, qos)
    samples.add(names.DUPLICATED, one.duplicated, qos)
    samples.add(names.REORDERED, one.reordered, qos)
    if one.median is not None and one.worst is not None:
        samples.add(names.ROUNDTRIP, one.median, qos)
        samples.add(names.ROUNDTRIP_WORST, one.worst, qos)
