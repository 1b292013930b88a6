Instance: plan-notification
InstanceOf: MessageDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/MessageDefinition/plan-notification"
* version = "0.1.0"
* name = "PlanNotification"
* title = "What you may see of a crisis plan"
* status = #draft
* date = "2026-11-27"
* description = "The focus is the document with all that its recipient may see now, or, where the plan is taken back (reason delete, for BaRS update), a CarePlan that is revoked, under the same identifier and without a clinical body. It says what is so now, whole and with a sequence of its own: processed twice it does no harm, and one of a lower sequence is to be passed over."
* purpose = "Tells a recipient what it may hold of a crisis plan, and takes it back."
* eventCoding = https://fhir.nhs.uk/CodeSystem/message-event#document-notification
* category = #notification
* focus[+].code = #Bundle
* focus[=].min = 0
* focus[=].max = "1"
* focus[+].code = #CarePlan
* focus[=].profile = "http://hl7.org/fhir/StructureDefinition/CarePlan"
* focus[=].min = 0
* focus[=].max = "1"
* responseRequired = #always
