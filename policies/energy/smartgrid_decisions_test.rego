# What the policy must answer: allow, process_data and export are its rules of that name, deny its reasons.
package energy.smartgrid_decisions

decisions := [
	{
		"about": "data that stays is processed",
		"input": {"action": "process_data", "data_stays_local": true},
		"allow": true, "process_data": true, "export": false, "deny": [],
	},
	{
		"about": "data that may leave is not processed",
		"input": {"action": "process_data", "data_stays_local": false},
		"allow": false, "process_data": false, "export": false, "deny": ["data_may_leave"],
	},
	{
		"about": "data of which nobody says that it stays is not processed",
		"input": {"action": "process_data"},
		"allow": false, "process_data": false, "export": false, "deny": ["data_may_leave"],
	},
	{
		"about": "a text is not true",
		"input": {"action": "process_data", "data_stays_local": "true"},
		"allow": false, "process_data": false, "export": false, "deny": ["data_may_leave"],
	},
	{
		"about": "a number is not true",
		"input": {"action": "process_data", "data_stays_local": 1},
		"allow": false, "process_data": false, "export": false, "deny": ["data_may_leave"],
	},
	{
		"about": "export within the site is allowed",
		"input": {"action": "export", "destination": "local"},
		"allow": true, "process_data": false, "export": true, "deny": [],
	},
	{
		"about": "export to elsewhere is denied",
		"input": {"action": "export", "destination": "regional-hub"},
		"allow": false, "process_data": false, "export": false, "deny": ["destination_external"],
	},
	{
		"about": "export to elsewhere is denied, also of data that is said to stay",
		"input": {"action": "export", "destination": "cloud", "data_stays_local": true},
		"allow": false, "process_data": true, "export": false, "deny": ["destination_external"],
	},
	{
		"about": "what only looks like local is elsewhere",
		"input": {"action": "export", "destination": "local.example"},
		"allow": false, "process_data": false, "export": false, "deny": ["destination_external"],
	},
	{
		"about": "capitals are not local",
		"input": {"action": "export", "destination": "LOCAL"},
		"allow": false, "process_data": false, "export": false, "deny": ["destination_external"],
	},
	{
		"about": "a list with local in it is not local",
		"input": {"action": "export", "destination": ["local"]},
		"allow": false, "process_data": false, "export": false, "deny": ["destination_external"],
	},
	{
		"about": "export to nowhere is denied",
		"input": {"action": "export"},
		"allow": false, "process_data": false, "export": false, "deny": ["destination_external"],
	},
	{
		"about": "whatever else is asked is denied",
		"input": {"action": "delete", "destination": "local", "data_stays_local": true},
		"allow": false, "process_data": true, "export": true, "deny": ["unknown_action"],
	},
	{
		"about": "an empty question is denied",
		"input": {},
		"allow": false, "process_data": false, "export": false, "deny": ["unknown_action"],
	},
]
