"""What a hub is rendered with beside the inventory: where its files lie, and whom it tells."""

from __future__ import annotations

from dataclasses import dataclass, field

PAGE, TICKET, WATCHDOG = "page", "ticket", "watchdog"
RECEIVERS = (PAGE, TICKET, WATCHDOG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifications:
    """How the Alertmanager tells people. Durations are whole seconds.

    Attributes:
        url: of the webhook of each receiver; ``{receiver}`` becomes ``page``, ``ticket`` or ``watchdog``.
        credentials: the file with the bearer token for it; empty for none.
        group_wait: before a new group is told, so that what explains an alert can come first.
        group_interval: between two notifications of a group that changed.
        repeat_interval: before a group that did not change is told again.
    """

    url: str = "https://notify.example/{receiver}"
    credentials: str = "/etc/gridobs/alertmanager/{receiver}.token"
    group_wait: int = 60
    group_interval: int = 300
    repeat_interval: int = 43_200


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Paths and addresses within what is rendered.

    Attributes:
        tls: whether sites are pulled over TLS; False is for tests on the loopback address alone.
        tls_folder: holds ``ca.crt``, ``tls.crt`` and ``tls.key``: what the hub trusts and shows.
        replica: tells two Prometheuses with the same sites apart; never part of an alert.
        own_address: ``host:port`` at which a hub's Prometheus scrapes itself.
        shard_address: of a shard, for the global tier; ``{shard}`` becomes its number.
        backfill_address: ``host:port`` at which a shard finds the metrics of its back-fill; ``{shard}`` becomes its
            number. Empty where no back-fill runs: it is not scraped, and nobody is told that it is away.
        runbooks: the address of an alert's page; ``{alert}`` becomes its name.
        notifications: of the Alertmanager.
    """

    tls: bool = True
    tls_folder: str = "/etc/gridobs/tls"
    replica: str = "a"
    own_address: str = "localhost:9090"
    shard_address: str = "gridobs-hub-shard-{shard}:9090"
    backfill_address: str = "127.0.0.1:9810"
    runbooks: str = "https://runbooks.example/{alert}"
    notifications: Notifications = field(default_factory=Notifications)
