"""The meter fleet: one MQTT 5 connection a meter, one ledger of what the broker acknowledged."""
