"""Page ``/probe``: an MQTT broker as a caller finds it at this moment, in the manner of blackbox_exporter."""
