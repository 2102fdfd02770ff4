"""The egress gate of a site, as an nginx configuration: who may take what out, whatever they ask for.

What leaves is written here, at the site. Of what a caller sends, its certificate decides whether it is answered, the
path which of two answers it gets, and for the past up to ten digits of time are passed on; all else is dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs.fleet.edge import nginx

if TYPE_CHECKING:
    from gridobs.fleet.edge.settings import EdgeSettings, GateSettings
    from gridobs.fleet.egress.model import Egress
    from gridobs.fleet.model import Site

FEDERATE = "/federate"
HISTORY = "/history"
HISTORY_WINDOW = "15m"  # up to the time that is asked for; back-fill steps by it
_BUFFER_KIB = 32


def gate(site: Site, egress: Egress, settings: EdgeSettings, *, source: str) -> str:
    """``nginx.conf`` of the gate of ``site``, which listens on the port of its address.

    Raises UsageError if a setting cannot stand in it.
    """
    own, upstream = settings.gate, f"http://{nginx.parameter(settings.prometheus)}"
    server = nginx.block(
        "server",
        *nginx.listen(site.address, settings.nginx),
        "server_name _;",
        *nginx.tls(settings.tls),
        "client_max_body_size 1k;",
        *nginx.block("if ($is_hub = 0)", "return 403;"),
        *nginx.block("if ($request_method != GET)", "return 405;"),
        "",
        *_federate(egress, upstream),
        "",
        *_history(egress, upstream),
        "",
        *nginx.block("location /", "return 403;"),
    )
    shared = [
        *nginx.http(settings.nginx),
        "",
        "# The whole subject, so that no other certificate of the same authority is let in.",
        *nginx.block("map $ssl_client_s_dn $is_hub", "default 0;", f"{nginx.exactly(f'CN={own.client}')} 1;"),
        "",
        "limit_conn_zone $binary_remote_addr zone=callers:1m;",
        "limit_conn_zone $server_name zone=history:32k;",
        f"limit_req_zone $server_name zone=federate_rate:32k rate={own.rate}r/s;",
        f"limit_req_zone $server_name zone=history_rate:32k rate={own.rate}r/s;",
        "",
        *_proxy(own),
        "",
        *_compression(),
        "",
        *server,
    ]
    return nginx.text(source, [*nginx.main(settings.nginx), "", *nginx.block("http", *shared)])


def _federate(egress: Egress, upstream: str) -> list[str]:
    return nginx.block(
        f"location = {FEDERATE}",
        "limit_conn callers 8;",
        "limit_req zone=federate_rate burst=20 nodelay;",
        *nginx.variable("selector", nginx.percent(egress.selector)),
        'set $args "match%5B%5D=${selector}";',
        f"proxy_pass {upstream}/federate;",
    )


def _history(egress: Egress, upstream: str) -> list[str]:
    """Two at a time, and few a second: a hub that mends a hole must not keep four cores from watching their site."""
    selector = nginx.percent(f"{egress.selector}[{HISTORY_WINDOW}]")
    return nginx.block(
        f"location = {HISTORY}",
        *nginx.block('if ($args !~ "^time=[0-9]{1,10}\\z")', "return 400;"),
        "limit_conn history 2;",
        "limit_req zone=history_rate burst=8;",
        "set $until $arg_time;",
        *nginx.variable("selector", selector),
        'set $args "query=${selector}&time=${until}";',
        f"proxy_pass {upstream}/api/v1/query;",
    )


def _proxy(settings: GateSettings) -> list[str]:
    """An answer is read to its end at once, into memory and then a file: Prometheus holds a lock while it writes one.

    A caller that leaves does not end the request either, so that leaving early gets nobody past the limits.
    """
    return [
        "proxy_http_version 1.1;",
        "proxy_pass_request_headers off;",
        "proxy_pass_request_body off;",
        "proxy_set_header Host prometheus;",
        'proxy_set_header Content-Length "";',
        'proxy_set_header Accept "text/plain;version=0.0.4";',
        "proxy_connect_timeout 3s;",
        "proxy_send_timeout 5s;",
        "proxy_read_timeout 20s;",
        "proxy_next_upstream off;",
        "proxy_redirect off;",
        "proxy_ignore_client_abort on;",
        "proxy_buffering on;",
        f"proxy_buffer_size {_BUFFER_KIB}k;",
        f"proxy_buffers 32 {_BUFFER_KIB}k;",
        f"proxy_busy_buffers_size {2 * _BUFFER_KIB}k;",
        f"proxy_max_temp_file_size {settings.body_limit}m;",
        f"proxy_temp_file_write_size {2 * _BUFFER_KIB}k;",
    ]


def _compression() -> list[str]:
    return [
        "gzip on;",
        "gzip_comp_level 6;",
        "gzip_min_length 256;",
        "gzip_http_version 1.0;",
        "gzip_proxied any;",
        "gzip_types *; # all is text, and nginx does not tell a type from its parameters",
    ]
