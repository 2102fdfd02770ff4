"""Page `/probe`: one visit to the broker that the caller names; only there, never on the metrics page."""

from __future__ import annotations

from gridobs_exporters.metric import gauge

# --- named as blackbox_exporter names them, so that dashboards and rules made for it work ---------------------------
SUCCESS = gauge("probe_success", "Whether the broker did all that the module asks for, in time.")
DURATION = gauge("probe_duration_seconds", "What the whole probe took, cleaning up included.")
TIMEOUT = gauge("probe_timeout_seconds", "What the probe had: the lesser of the module's and the scrape's timeout.")
IP_PROTOCOL = gauge("probe_ip_protocol", "4 or 6: the family of the address that was connected to.")
CERTIFICATE_EXPIRY = gauge(
    "probe_ssl_earliest_cert_expiry",
    "Unix seconds when the first certificate of the verified chain, its root included, ends. The broker's own only "
    "where Python does not give the chain. Gone if TLS fails, also over an expired certificate.",
)
TLS_VERSION = gauge("probe_tls_version_info", "TLS version of the connection.", "version")
TLS_CIPHER = gauge("probe_tls_cipher_info", "Cipher suite of the connection.", "cipher")

# --- the visit -----------------------------------------------------------------------------------------------------
PHASE_DURATION = gauge(
    "gridobs_probe_phase_duration_seconds",
    "Phases that were reached: resolve, tcp, tls, connack, suback; puback (PUBCOMP at QoS 2) and deliver, both from "
    "publish on, of the first message that had them.",
    "phase",
)
FAILURE = gauge("gridobs_probe_failure_info", "What went wrong, once for each step.", "step", "reason")
CONNACK_REASON = gauge(
    "gridobs_probe_connack_reason_code", "MQTT 5 reason code of the answer to CONNECT: 0 let in, 135 not authorised."
)
CAPABILITY = gauge(
    "gridobs_probe_capability",
    "What the broker grants in CONNACK, or what MQTT 5 lets that mean if it grants nothing: no limit is +Inf; "
    "session expiry and keep alive are what was asked for.",
    "capability",
)

# --- messages ------------------------------------------------------------------------------------------------------
SENT = gauge("gridobs_probe_messages_sent", "Messages published at this QoS.", "qos")
LOST = gauge(
    "gridobs_probe_messages_lost",
    "Messages that did not come back. MQTT allows it at QoS 0, so only the loss of all fails the probe there.",
    "qos",
)
DUPLICATED = gauge(
    "gridobs_probe_messages_duplicated",
    "Deliveries beyond the first of a message. MQTT allows it at QoS 1, so it does not fail the probe there.",
    "qos",
)
REORDERED = gauge("gridobs_probe_messages_reordered", "First deliveries that came after one published later.", "qos")
ROUNDTRIP = gauge("gridobs_probe_roundtrip_seconds", "Publish to delivery, the median message.", "qos")
ROUNDTRIP_WORST = gauge("gridobs_probe_roundtrip_worst_seconds", "Publish to delivery, the slowest message.", "qos")

# --- checks --------------------------------------------------------------------------------------------------------
CHECK_SUCCESS = gauge(
    "gridobs_probe_check_success",
    "Whether the check passed; 0 also if it could not be made. The reason is in gridobs_probe_failure_info.",
    "check",
)
WRONG_PASSWORD_ACCEPTED = gauge(
    "gridobs_probe_wrong_password_accepted",
    "1 if the broker let a client with a wrong password in, 0 if it refused it; no series if it did neither.",
)
