# METADATA
# title: Power data stays within the site
# description: >-
#  One question, one rule: the path of a decision says what was asked, so that decision logs can be counted without a
#  look into their input. OPA 0.60 and newer.
package energy.smartgrid

import rego.v1

# Whatever is not asked for in the words below is denied.
default allow := false

allow if {
	input.action == "process_data"
	process_data
}

allow if {
	input.action == "export"
	export
}

# Power data may be processed where it stays.
default process_data := false

process_data if input.data_stays_local == true

# It may be handed to a destination within the site.
default export := false

export if input.destination == "local"

export if export_external

# It may leave the site: never. A site with a permit adds a rule, such as
#   export_external if input.destination == "regulator"
# The alert on data that left without an allow reads the decisions on this path and no other.
default export_external := false

# Why the answer to input.action is no; codes, no values.
deny contains "data_may_leave" if {
	input.action == "process_data"
	not process_data
}

deny contains "destination_external" if {
	input.action == "export"
	not export
}

deny contains "unknown_action" if not input.action in {"process_data", "export"}
