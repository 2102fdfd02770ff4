"""The section of the configuration: what works in a pod by itself, and what is refused with its cure."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from gridobs_exporters import flags
from gridobs_exporters.config.document import ConfigError
from gridobs_exporters.config.schema import faults
from gridobs_exporters.config.section import Section
from gridobs_exporters.k3s.kind import K3S, prepare

if TYPE_CHECKING:
    from tests.unit.exporters.k3s.standin import Certificates

REPOSITORY = Path(__file__).parents[4]
PAGE = REPOSITORY / "docs/exporters/k3s.md"
ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def problems(certificates: Certificates, **values: object) -> list[str]:
    section = Section({"ca_file": str(certificates.ca), **values})
    prepare(section)
    return section.problems


@pytest.mark.skipif(Path(ACCOUNT).exists(), reason="this runs in a pod, where it would work")
def test_outside_a_pod_the_flag_alone_says_which_file_is_missing() -> None:
    with pytest.raises(ConfigError) as refused:
        flags.parse(["--collector.k3s"], version="0", kinds=[K3S])

    assert str(refused.value) == (
        f"--collector.k3s: cannot use {ACCOUNT}/ca.crt: No such file or directory; give a PEM file"
    )


def test_an_authority_is_enough_outside_a_pod(certificates: Certificates) -> None:
    parsed = flags.parse([f"--k3s.ca-file={certificates.ca}"], version="0", kinds=[K3S])

    assert list(parsed.collectors) == ["k3s"]


def test_a_certificate_that_may_do_everything_is_refused_unless_allowed(certificates: Certificates) -> None:
    (told,) = problems(certificates, cert_file=str(certificates.admin))

    assert "may do everything in the cluster" in told
    assert problems(certificates, cert_file=str(certificates.admin), allow_cluster_admin=True) == []
    assert problems(certificates, cert_file=str(certificates.server)) == []


@pytest.mark.parametrize(
    ("values", "cure"),
    [
        ({"api": "http://10.0.0.1:6443"}, "write https://HOST:PORT"),
        ({"api": "https://10.0.0.1:port"}, "write https://HOST:PORT"),
        ({"api": "https://10.0.0.1/k8s"}, "write https://HOST:PORT"),
        ({"api": "https://me:secret@10.0.0.1"}, "use token_file"),
        ({"kubelet_metrics_interval": "59s"}, "write 60s or more"),
        ({"probe_interval": "0s"}, "write e.g. 10s"),
        ({"kubelets": [{"node": "a", "url": "http://a:10250"}]}, "write https://HOST:PORT"),
        ({"kubelets": [{"node": "a", "url": "https://a"}, {"node": "a", "url": "https://b"}]}, "keep one"),
        ({"kubelet_ca_file": "/nowhere.pem"}, "give a PEM file"),
    ],
)
def test_what_cannot_work_is_told_with_its_cure(
    certificates: Certificates, values: dict[str, object], cure: str
) -> None:
    (told,) = problems(certificates, **values)

    assert told.endswith(cure) or cure in told


def test_the_documented_example_passes_the_schema_and_names_every_key_but_those_of_a_certificate() -> None:
    (example, _) = re.findall("```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    section = yaml.safe_load(example)["k3s"]

    assert list(faults(section, K3S.schema)) == []
    assert set(K3S.schema["properties"]) - set(section) == {"cert_file", "key_file", "allow_cluster_admin"}


def test_the_documented_role_is_the_shipped_one() -> None:
    assert (REPOSITORY / "exporters/rbac/k3s.yaml").read_text() in PAGE.read_text()


def test_there_is_no_way_to_leave_tls_unverified() -> None:
    assert [key for key in K3S.schema["properties"] if "insecure" in key or "verify" in key] == []
