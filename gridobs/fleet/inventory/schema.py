"""The shape of an inventory. A site's address is read later: its port can be that of the defaults."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from gridobs import sources
from gridobs.fleet.inventory.fields import (
    Budget,
    Coordinates,
    Count,
    Duration,
    HostPort,
    Interval,
    Many,
    Name,
    Plain,
    VoltageClass,
)
from gridobs.fleet.model import Hub, State, Transport

_STATE_CURE = f"one of {', '.join(State)}"
_TRANSPORT_CURE = f"one of {', '.join(Transport)}"
_DEFAULT = Hub()
_MOST_SHARDS = 1_000


class HubSchema(sources.Schema):
    shards: Many = Field(default=_DEFAULT.shards, le=_MOST_SHARDS, description=f"1 to {_MOST_SHARDS}")
    scrape_interval: Interval = _DEFAULT.scrape_interval
    scrape_timeout: Duration = _DEFAULT.scrape_timeout
    evaluation_interval: Interval = _DEFAULT.evaluation_interval
    outage_budget: Budget = _DEFAULT.outage_budget
    alertmanagers: tuple[HostPort, ...] = Field(default=(), description="a list of host:port")
    receiver: HostPort | None = None


class RegionSchema(sources.Schema):
    name: Name
    title: Plain = ""


class DefaultsSchema(sources.Schema):
    """What holds for every site that does not say otherwise; None is what the model has."""

    port: Many | None = Field(default=None, le=65_535, description="a port from 1 to 65535")
    voltage_class: VoltageClass | None = None
    devices: Count | None = None
    nodes: Many | None = None
    state: State | None = Field(default=None, description=_STATE_CURE)
    transport: Transport | None = Field(default=None, description=_TRANSPORT_CURE)
    scrape_interval: Interval | None = None


class SiteSchema(sources.Schema):
    id: Name
    region: Name
    address: str = Field(description="the host:port of its egress gate")
    coordinates: Coordinates | None = None
    voltage_class: VoltageClass | None = None
    devices: Count | None = None
    nodes: Many | None = None
    state: State | None = Field(default=None, description=_STATE_CURE)
    transport: Transport | None = Field(default=None, description=_TRANSPORT_CURE)
    scrape_interval: Interval | None = None


class FleetSchema(sources.Schema):
    api_version: Literal["gridobs/v1"] = Field(description="apiVersion: gridobs/v1")
    kind: Literal["Fleet"] = Field(description="kind: Fleet")
    hub: HubSchema = Field(default=HubSchema(), description="how the hub is built")
    regions: tuple[RegionSchema, ...] = Field(min_length=1, description="a list of regions, each with a name")
    defaults: DefaultsSchema = Field(default=DefaultsSchema(), description="what holds for all sites")
    sites: tuple[Any, ...] = Field(min_length=1, description="a list of sites")
