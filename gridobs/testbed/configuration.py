"""The configuration files of the native programs, as text. The rules are those that ship, nothing else."""

from __future__ import annotations

import yaml

from gridobs import conventions as names
from gridobs.testbed.processes import LOOPBACK

SCRAPE_INTERVAL = "5s"
BROKER_SYS_SECONDS = 5
CANARY_TIMEOUT = "4s"

JOB_PROCESSOR = "power-data-processor"
JOB_EXPORTER = "gridobs-exporter"


def mosquitto(*, port: int, folder: str) -> str:
    """A broker on loopback that keeps sessions and queues over a restart.

    ``user`` says that a root who starts it need not become another user; it means nothing to others.
    ``max_queued_messages 0`` lifts the default of 1000: a processor that is away a minute must find every record.
    """
    return f"""\
listener {port} {LOOPBACK}
user root
allow_anonymous true
persistence true
persistence_location {folder}/
autosave_interval 10
max_inflight_messages 0
max_queued_messages 0
sys_interval {BROKER_SYS_SECONDS}
connection_messages false
log_dest stderr
log_type error
log_type warning
log_type notice
"""


def prometheus(*, site: str, region: str, processor: int, exporter: int, alertmanager: int) -> str:
    """An edge Prometheus: the site's identity as external labels, two targets, its own Alertmanager."""

    def target(port: int) -> list[dict[str, list[str]]]:
        return [{"targets": [f"{LOOPBACK}:{port}"]}]

    return _yaml(
        {
            "global": {
                "scrape_interval": SCRAPE_INTERVAL,
                "scrape_timeout": "4s",
                "evaluation_interval": SCRAPE_INTERVAL,
                "external_labels": {names.LABEL_SITE: site, names.LABEL_REGION: region},
            },
            "rule_files": ["rules/*.yaml"],
            "alerting": {"alertmanagers": [{"static_configs": target(alertmanager)}]},
            "scrape_configs": [
                {"job_name": JOB_PROCESSOR, "static_configs": target(processor)},
                {"job_name": JOB_EXPORTER, "static_configs": target(exporter)},
            ],
        }
    )


def alertmanager(*, webhook: int) -> str:
    """One receiver for all; a page mutes the ticket of the same objective."""
    same = [names.LABEL_SITE, names.LABEL_SLO]
    return _yaml(
        {
            "route": {
                "receiver": "pager",
                "group_by": ["alertname", *same],
                "group_wait": "1s",
                "group_interval": "5s",
                "repeat_interval": "4h",
            },
            "receivers": [
                {
                    "name": "pager",
                    "webhook_configs": [{"url": f"http://{LOOPBACK}:{webhook}/", "send_resolved": True}],
                }
            ],
            "inhibit_rules": [
                {
                    "source_matchers": [f'{names.LABEL_SEVERITY}="{names.SEVERITY_PAGE}"', f'{names.LABEL_SLO}!=""'],
                    "target_matchers": [f'{names.LABEL_SEVERITY}="{names.SEVERITY_TICKET}"'],
                    "equal": same,
                }
            ],
        }
    )


def _yaml(content: object) -> str:
    return yaml.safe_dump(content, sort_keys=False)
