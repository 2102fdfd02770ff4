"""What sites push to, as an nginx configuration: it knows a site by its certificate and says who it is.

The site and its region go with each write as ``extra_label``. VictoriaMetrics sets these labels on all that is
written, whatever the payload claims. Prometheus has no such thing: with it as the upstream, whoever has a certificate
of a site that pushes may write in the name of another. A vmagent between the two does not help: it adds the labels
beside those of the payload, and Prometheus refuses a label that is there twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.fleet.edge import nginx, push
from gridobs.fleet.model import State, Transport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridobs.fleet.edge.settings import ReceiverSettings
    from gridobs.fleet.model import Fleet, Site

_BUCKETS_A_SITE = 4


def pushing(fleet: Fleet) -> tuple[Site, ...]:
    """The sites that are expected to push, now or soon."""
    return tuple(
        site for site in fleet.sites if site.transport is not Transport.PULL and site.state is not State.RETIRED
    )


def receiver(fleet: Fleet, settings: ReceiverSettings, *, accounts: Mapping[str, int] | None = None) -> str:
    """``nginx.conf`` before the hub's receiver, on the port of its address; ``fleet.hub.receiver`` must be set.

    With ``accounts``, the tenant of each region, it writes to vminsert; without, to anything that takes
    ``/api/v1/write``. Raises UsageError if a name cannot stand in it.
    """
    sites = pushing(fleet)
    path = "/insert/${account}/prometheus/api/v1/write" if accounts else push.WRITE
    buckets = max(2048, _BUCKETS_A_SITE * len(sites))
    shared = [
        *nginx.http(settings.nginx),
        "",
        "map_hash_bucket_size 256;",
        f"map_hash_max_size {buckets};",
        *_map("ssl_client_s_dn", "site", {f"CN={site.id}": site.id for site in sites}),
        *_map("site", "region", {site.id: site.region for site in sites}),
        *(
            _map("region", "account", {region: str(number) for region, number in accounts.items()})
            if accounts
            else []
        ),
        "",
        "limit_conn_zone $site zone=writes:4m;",
        "limit_conn_zone $server_name zone=all_writes:32k;",
        "limit_req_zone $site zone=rate:4m rate=10r/s;",
        "",
        *nginx.block(
            "server",
            *nginx.listen(fleet.hub.receiver, settings.nginx),
            "server_name _;",
            *nginx.tls(settings.tls),
            "# The map above does not mind the case of letters, and this does.",
            *nginx.block('if ($ssl_client_s_dn != "CN=$site")', "return 403;"),
            *nginx.block("if ($request_method != POST)", "return 405;"),
            "",
            *_write(path, nginx.parameter(settings.upstream)),
            "",
            *nginx.block("location /", "return 403;"),
        ),
    ]
    return nginx.text(fleet.source, [*nginx.main(settings.nginx), "", *nginx.block("http", *shared)])


def _write(path: str, upstream: str) -> list[str]:
    """A body is taken in whole first, so that a site behind a bad line holds no connection of the store."""
    labels = (f"extra_label={names.LABEL_SITE}=$site", f"extra_label={names.LABEL_REGION}=$region")
    return nginx.block(
        f"location = {push.WRITE}",
        "limit_conn writes 4;",
        "limit_conn all_writes 128;",
        "limit_req zone=rate burst=20;",
        "client_max_body_size 4m;",
        "client_body_buffer_size 256k;",
        "proxy_request_buffering on;",
        "proxy_http_version 1.1;",
        "proxy_pass_request_headers off;",
        "proxy_set_header Host receiver;",
        "proxy_set_header Content-Type $http_content_type;",
        "proxy_set_header Content-Encoding $http_content_encoding;",
        "proxy_set_header X-Prometheus-Remote-Write-Version $http_x_prometheus_remote_write_version;",
        "proxy_set_header X-VictoriaMetrics-Remote-Write-Version $http_x_victoriametrics_remote_write_version;",
        "proxy_connect_timeout 3s;",
        "proxy_read_timeout 30s;",
        "proxy_next_upstream off;",
        "proxy_redirect off;",
        f'set $args "{"&".join(labels)}";',
        f'rewrite ^ "{path}" break;',
        f"proxy_pass http://{upstream};",
    )


def _map(of: str, to: str, values: Mapping[str, str]) -> list[str]:
    entries = (f"{nginx.parameter(key)} {nginx.word(value)};" for key, value in sorted(values.items()))
    return nginx.block(f"map ${of} ${to}", 'default "";', *entries)
