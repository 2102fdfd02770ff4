# Holds the policy against the table of decisions: `opa test policies`. The tests of this project do the same with another
# engine, which cannot do `with` where a rule calls another (rego-cpp 1.5).
package energy.smartgrid_test

import data.energy.smartgrid
import data.energy.smartgrid_decisions
import rego.v1

test_every_decision_is_that_of_the_table if {
	every decision in smartgrid_decisions.decisions {
		smartgrid.allow == decision.allow with input as decision.input
		smartgrid.process_data == decision.process_data with input as decision.input
		smartgrid.export == decision.export with input as decision.input
		smartgrid.deny == {reason | some reason in decision.deny} with input as decision.input
		smartgrid.export_external == false with input as decision.input
	}
}
