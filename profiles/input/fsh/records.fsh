Invariant: contact-person
Description: "The person is named by NHS number, or by a Patient of the broker, or is said not to be known (data-absent-reason)"
Severity: #error
Expression: "subject.reference.exists() or subject.identifier.where(system = 'https://fhir.nhs.uk/Id/nhs-number' and value.exists()).exists() or subject.extension.where(url = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason').exists()"

Profile: CrisisContact
Parent: Encounter
Id: crisis-contact
Title: "Crisis contact"
Description: "A 999 call, ambulance despatch, attendance, police deployment, section 136 detention or bed day, as its service tells it."
* obeys contact-person
* identifier 1..*
* identifier.value 1..1
* class from ContactClassVS (required)
* subject 1..1
* subject only Reference(Patient)
* period 1..1
* period.start 1..1

Profile: PlanFlag
Parent: Flag
Id: plan-flag
Title: "Plan flag"
Description: "There is a plan that the asker may read. Computed for the asker, never stored."
* extension contains http://hl7.org/fhir/StructureDefinition/flag-detail named detail 1..1
* extension[detail].value[x] 1..1
* status = #active
* code = $BARS#hasanticipatorycarecrisisplan
* subject only Reference(Patient)

Invariant: disclosure-labels
Description: "A disclosure is very restricted, and not to be disclosed again without consent (V and NORDSCLCD)"
Severity: #error
Expression: "meta.security.where(system = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality' and code = 'V').exists() and meta.security.where(system = 'http://terminology.hl7.org/CodeSystem/v3-ActCode' and code = 'NORDSCLCD').exists()"

Profile: Disclosure
Parent: Bundle
Id: disclosure
Title: "Disclosure"
Description: "What one recipient sees of a plan now: a document, Composition first, then the CarePlan, the least Patient and whom to ring."
* obeys disclosure-labels
* identifier 1..1
* type = #document
* timestamp 1..1
* entry 1..*

Profile: BrokerTask
Parent: Task
Id: broker-task
Title: "Work for a person"
Description: "A recall to carry out, a crisis contact to know of, a draft to review or to change, something that needs attention, or what a person asks of the publisher of their record."
* code 1..1
* code from TaskCodeVS (required)
* owner 1..1
* owner.identifier 1..1
* owner.identifier.system = "https://fhir.nhs.uk/Id/ods-organization-code"
* owner.identifier.value 1..1
