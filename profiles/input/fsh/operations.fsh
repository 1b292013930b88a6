RuleSet: OnOnePlan
* status = #draft
* kind = #operation
* affectsState = true
* resource = #CarePlan
* system = false
* type = false
* instance = true

RuleSet: AnswersWithThePlan
* parameter[+].name = #return
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The plan as it is stored now."
* parameter[=].type = #CarePlan

Instance: approve
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/approve"
* version = "0.1.0"
* name = "Approve"
* title = "Approve a draft"
* insert OnOnePlan
* description = "The draft, at the version that the approver saw, becomes the plan: recipients in its reach are to hold what they may see of it, and an earlier plan that it replaces is superseded."
* code = #approve
* parameter[+].name = #version
* parameter[=].use = #in
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The versionId of the draft that was seen and is approved. Another version is stored by now: 409 or 412, and nothing is approved."
* parameter[=].type = #string
* parameter[+].name = #provenance
* parameter[=].use = #in
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "Who approves, by the profile plan-approval."
* parameter[=].type = #Provenance
* insert AnswersWithThePlan

Instance: withdraw
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/withdraw"
* version = "0.1.0"
* name = "Withdraw"
* title = "Withdraw a plan"
* insert OnOnePlan
* description = "Nobody may hold the plan any longer: whoever does is asked to give it up, and is chased until it answers."
* code = #withdraw
* parameter[+].name = #reason
* parameter[=].use = #in
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "Why, in at most 1000 characters."
* parameter[=].type = #string
* insert AnswersWithThePlan
