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

// The one topic, as R5 elements in a Basic: R4 has no SubscriptionTopic (cross-version extensions, hl7.fhir.uv.xver-r5.r4 0.1.0, profile-SubscriptionTopic).
Instance: plan-change
InstanceOf: Basic
Usage: #definition
* code = http://hl7.org/fhir/fhir-types#SubscriptionTopic
* extension[+].url = "http://hl7.org/fhir/StructureDefinition/artifact-url"
* extension[=].valueUri = "https://crisis-plan-broker.example/fhir/SubscriptionTopic/plan-change"
* extension[+].url = "http://hl7.org/fhir/StructureDefinition/artifact-version"
* extension[=].valueString = "0.1.0"
* extension[+].url = "http://hl7.org/fhir/StructureDefinition/artifact-name"
* extension[=].valueString = "PlanChange"
* extension[+].url = "http://hl7.org/fhir/StructureDefinition/artifact-title"
* extension[=].valueString = "What you may see of a crisis plan changed"
* extension[+].url = "http://hl7.org/fhir/StructureDefinition/artifact-status"
* extension[=].valueCode = #draft
* extension[+].url = "http://hl7.org/fhir/StructureDefinition/artifact-description"
* extension[=].valueMarkdown = "An event for each plan that a subscriber in its reach may see anew, may see otherwise, or may no longer see. Whoever may not see a plan is told nothing; a change of what it may not see is no event. It says that something changed, and never why."
* extension[+].url = "http://hl7.org/fhir/5.0/StructureDefinition/extension-SubscriptionTopic.resourceTrigger"
* extension[=].extension[+].url = "description"
* extension[=].extension[=].valueMarkdown = "The plan, as the subscriber sees it: new to it, changed, or withdrawn."
* extension[=].extension[+].url = "resource"
* extension[=].extension[=].valueUri = "http://hl7.org/fhir/StructureDefinition/CarePlan"
* extension[=].extension[+].url = "supportedInteraction"
* extension[=].extension[=].valueCode = #create
* extension[=].extension[+].url = "supportedInteraction"
* extension[=].extension[=].valueCode = #update
* extension[=].extension[+].url = "supportedInteraction"
* extension[=].extension[=].valueCode = #delete
* extension[+].url = "http://hl7.org/fhir/5.0/StructureDefinition/extension-SubscriptionTopic.canFilterBy"
* extension[=].extension[+].url = "description"
* extension[=].extension[=].valueMarkdown = "Whose plans: ODS codes of publishing trusts, between commas. Several filters are all to be true. There is none by whom a plan is about."
* extension[=].extension[+].url = "resource"
* extension[=].extension[=].valueUri = "http://hl7.org/fhir/StructureDefinition/CarePlan"
* extension[=].extension[+].url = "filterParameter"
* extension[=].extension[=].valueString = "publisher"
* extension[+].url = "http://hl7.org/fhir/5.0/StructureDefinition/extension-SubscriptionTopic.notificationShape"
* extension[=].extension[+].url = "resource"
* extension[=].extension[=].valueUri = "http://hl7.org/fhir/StructureDefinition/CarePlan"
