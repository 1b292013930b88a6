Invariant: consent-category
Description: "The category is information access (v3-ActCode INFA)"
Severity: #error
Expression: "category.coding.where(system = 'http://terminology.hl7.org/CodeSystem/v3-ActCode' and code = 'INFA').exists()"

Invariant: consent-scope
Description: "The scope is patient-privacy"
Severity: #error
Expression: "scope.coding.where(system = 'http://terminology.hl7.org/CodeSystem/consentscope' and code = 'patient-privacy').exists()"

Invariant: consent-decided
Description: "An active one says how it was decided (consent-decision), or on what it rests without consent (consent-basis): one of them"
Severity: #error
Expression: "status != 'active' or (extension.where(url = 'https://crisis-plan-broker.example/fhir/StructureDefinition/consent-decision').exists() xor extension.where(url = 'https://crisis-plan-broker.example/fhir/StructureDefinition/consent-basis').exists())"

Invariant: consent-performer
Description: "Who decided stands once in performer: the person, or their representative"
Severity: #error
Expression: "extension.where(url = 'https://crisis-plan-broker.example/fhir/StructureDefinition/consent-decision').empty() or performer.where(reference.contains('Patient/') or reference.contains('RelatedPerson/')).count() = 1"

Invariant: consent-authority
Description: "A representative decides by an authority that is named"
Severity: #error
Expression: "performer.where(reference.contains('RelatedPerson/')).empty() or extension.extension.where(url = 'authority').exists()"

Invariant: consent-capacity
Description: "A person who lacks the capacity to decide gives no consent: a representative with authority does, or it rests on another basis"
Severity: #error
Expression: "performer.where(reference.contains('Patient/')).empty() or extension.extension.where(url = 'capacity' and value = 'lacks-capacity').empty()"

Invariant: consent-review
Description: "An active one names the day of its review"
Severity: #error
Expression: "status != 'active' or extension.where(url = 'https://crisis-plan-broker.example/fhir/StructureDefinition/review-date').exists()"

Profile: SharingConsent
Parent: Consent
Id: sharing-consent
Title: "Sharing consent"
Description: "A root deny under the broker's policy, and nested provisions that say who may see which headings for what. Criteria that the broker does not compute (class, securityLabel, data, dataPeriod) make it undecidable: nothing new is sent, and a person is asked."
* obeys consent-category and consent-scope and consent-decided and consent-performer and consent-authority and consent-capacity and consent-review
* extension contains Supersedes named supersedes 0..* and BindsAllPublishers named bindsAllPublishers 0..1 and ConsentDecision named decision 0..1 and ConsentBasis named basis 0..1 and ReviewDate named reviewDate 0..1
* extension[supersedes].value[x] 1..1
* extension[bindsAllPublishers].value[x] 1..1
* patient 1..1
* patient only Reference(Patient)
* patient.reference 1..1
* dateTime 1..1
* organization 1..1
* policy 1..1
* policy.uri 1..1
* policy.uri = "https://crisis-plan-broker.example/fhir/policy/plan-sharing-1"
* policyRule 0..0
* provision 1..1
* provision.type 1..1
* provision.type = #deny
* provision.actor 0..0
* provision.purpose 0..0
* provision.code 0..0
* provision.provision.type 1..1
* provision.provision.purpose from PurposeVS (required)
* provision.provision.code from PlanHeadingVS (required)

Profile: SharingAgreement
Parent: Contract
Id: sharing-agreement
Title: "Data-sharing agreement"
Description: "Publishers and recipients, purposes and headings, expanded to pairs. Parties in term.offer.party, purposes in term.action.intent, headings in term.asset.type. A party is an Organization; a HealthcareService is taken too, where an agreement is with one service, though R4 does not list it. One that is executed is signed for each party (signer), names the day of its review, its jurisdiction and its DPIA, and in each term the recipients' duty on reuse (term.securityLabel.control): docs/agreements.md. One with instantiatesCanonical inherits from a national or regional agreement: what a term leaves out is as there, it never lets more pass, and a term with one side only joins everybody on the other."
* extension contains ReviewDate named reviewDate 0..1 and AgreementJurisdiction named jurisdiction 0..1 and Dpia named dpia 0..1
* status 1..1
* applies 1..1
* term 1..*
* term.extension contains AgreementReachExtension named reach 0..1
* term.offer.party 1..*
* term.offer.party.reference only Reference(Organization)
* term.offer.party.role from AgreementRoleVS (required)
* term.action.intent from PurposeVS (required)
* term.asset.type 1..*
* term.asset.type from PlanHeadingVS (required)
