Instance: area
InstanceOf: NamingSystem
Usage: #definition
* name = "Area"
* status = #active
* kind = #identifier
* date = "2026-11-28"
* publisher = "Crisis-plan broker"
* description = "Areas that plans are for and services cover: CarePlan extension plan-reach (Coding.code) and HealthcareService.coverageArea (identifier.value). Equal values are one area; the operator agrees on them with the trusts."
* uniqueId.type = #uri
* uniqueId.value = "https://crisis-plan-broker.example/fhir/NamingSystem/area"
* uniqueId.preferred = true

Instance: opg-reference
InstanceOf: NamingSystem
Usage: #definition
* name = "OpgReference"
* status = #active
* kind = #identifier
* date = "2026-11-28"
* publisher = "Crisis-plan broker"
* description = "Numbers under which the Office of the Public Guardian has registered a lasting power of attorney, or a deputy: RelatedPerson.identifier of a legal proxy."
* uniqueId.type = #uri
* uniqueId.value = "https://crisis-plan-broker.example/fhir/NamingSystem/opg-reference"
* uniqueId.preferred = true

Instance: plan
InstanceOf: NamingSystem
Usage: #definition
* name = "Plan"
* status = #active
* kind = #identifier
* date = "2026-11-28"
* publisher = "Crisis-plan broker"
* description = "What all versions of a plan share: CarePlan.identifier. In an NRL pointer, the opaque id of the plan at that locator."
* uniqueId.type = #uri
* uniqueId.value = "https://crisis-plan-broker.example/fhir/NamingSystem/plan"
* uniqueId.preferred = true

Instance: document
InstanceOf: NamingSystem
Usage: #definition
* name = "Document"
* status = #active
* kind = #identifier
* date = "2026-11-28"
* publisher = "Crisis-plan broker"
* description = "One document as it was sent: Bundle.identifier. Made by the broker."
* uniqueId.type = #uri
* uniqueId.value = "https://crisis-plan-broker.example/fhir/NamingSystem/document"
* uniqueId.preferred = true

Instance: message
InstanceOf: NamingSystem
Usage: #definition
* name = "Message"
* status = #active
* kind = #identifier
* date = "2026-11-28"
* publisher = "Crisis-plan broker"
* description = "One message as it was sent: identifier of the Bundle. Made by the broker."
* uniqueId.type = #uri
* uniqueId.value = "https://crisis-plan-broker.example/fhir/NamingSystem/message"
* uniqueId.preferred = true

Instance: visit-number
InstanceOf: NamingSystem
Usage: #definition
* name = "VisitNumber"
* status = #active
* kind = #identifier
* date = "2026-11-28"
* publisher = "Crisis-plan broker"
* description = "Visit numbers of ADT messages (PV1-19): the facility, and the assigning authority where there is one, follow the URI, each after a slash."
* uniqueId.type = #uri
* uniqueId.value = "https://crisis-plan-broker.example/fhir/NamingSystem/visit-number"
* uniqueId.preferred = true
