Invariant: plan-category
Description: "A plan says that it is a mental health crisis plan and a care plan (SNOMED CT 736253002 and 734163000)"
Severity: #error
Expression: "category.coding.where(system = 'http://snomed.info/sct' and code = '736253002').exists() and category.coding.where(system = 'http://snomed.info/sct' and code = '734163000').exists()"

Invariant: plan-identifier
Description: "At least one identifier has a system and a value: all versions of the plan share it"
Severity: #error
Expression: "identifier.where(system.exists() and value.exists()).exists()"

Profile: CrisisPlan
Parent: CarePlan
Id: crisis-plan
Title: "Crisis plan"
Description: "The plan: identity, status, period, team, owner, reach and review date. `activity` holds actions only; the words stand in the Composition."
* obeys plan-category and plan-identifier
* extension contains PlanReach named reach 0..* and ReviewDate named reviewDate 1..1 and AgreedWithPerson named agreedWithPerson 1..1
* extension[reach].value[x] 1..1
* extension[reviewDate].value[x] 1..1
* extension[agreedWithPerson].extension[agreed].value[x] 1..1
* extension[agreedWithPerson].extension[reason].value[x] 1..1
* extension[agreedWithPerson].extension[secondClinician].value[x] 1..1
* identifier 1..*
* replaces 0..1
* replaces only Reference(CarePlan)
* intent = #plan
* category 1..*
* subject only Reference(Patient)
* subject.reference 1..1
* author 1..1
* author only Reference(Practitioner or PractitionerRole)
* careTeam only Reference(CareTeam)
* supportingInfo 1..1
* supportingInfo only Reference(Composition)
* supportingInfo.reference 1..1
* activity.reference 0..0
* activity.detail 1..1
* activity.detail.code 1..1
* activity.detail.code from ActionHeadingVS (required)
* activity.detail.description 1..1
* activity.detail.doNotPerform = false

Profile: PlanWords
Parent: Composition
Id: plan-words
Title: "Words of a plan"
Description: "One section for each heading, with the person-first lines as its text. Sections do not nest. The section `refusals` may name advance decisions and legal proxies in `entry`, which are signed with it; `advance-statement` names none."
* type = $SCT#736253002
* subject 1..1
* subject only Reference(Patient)
* subject.reference 1..1
* section 1..*
* section.title 1..1
* section.code 1..1
* section.code from PlanHeadingVS (required)
* section.text 1..1
* section.section 0..0

Invariant: plan-patient-number
Description: "The person's NHS number, or why there is none (UK Core NHSNumberUnavailableReason)"
Severity: #error
Expression: "identifier.where(system = 'https://fhir.nhs.uk/Id/nhs-number').exists() or extension.where(url = 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberUnavailableReason').exists()"

Invariant: plan-patient-name
Description: "A name in use has a family name"
Severity: #error
Expression: "name.where(family.exists()).exists()"

Profile: PlanPatient
Parent: Patient
Id: plan-patient
Title: "Person of a plan"
Description: "The person, with an NHS number and its UK Core verification status, or the reason why there is no number."
* obeys plan-patient-number and plan-patient-name
* identifier ^slicing.discriminator.type = #value
* identifier ^slicing.discriminator.path = "system"
* identifier ^slicing.rules = #open
* identifier contains nhsNumber 0..1
* identifier[nhsNumber].system 1..1
* identifier[nhsNumber].system = "https://fhir.nhs.uk/Id/nhs-number"
* identifier[nhsNumber].value 1..1
* name 1..*
* birthDate 1..1

Invariant: approval-activity
Description: "The activity is legal authentication (v3-DocumentCompletion LA) or `approve`"
Severity: #error
Expression: "activity.coding.where((system = 'http://terminology.hl7.org/CodeSystem/v3-DocumentCompletion' and code = 'LA') or code = 'approve').exists()"

Invariant: approval-on-behalf
Description: "A clinician approves on behalf of an organisation; the person and their carers sign for themselves"
Severity: #error
Expression: "agent.all(who.reference.matches('(Patient|RelatedPerson)/') or onBehalfOf.exists())"

Profile: PlanApproval
Parent: Provenance
Id: plan-approval
Title: "Approval of a plan"
Description: "Who approves a version, on whose behalf, and when; and who of the person's own side signs it."
* obeys approval-activity and approval-on-behalf
* target only Reference(CarePlan)
* target.reference 1..1
* activity 1..1
* agent.type 1..1
* agent.type from ApprovalAgentVS (required)
* agent.who only Reference(Practitioner or PractitionerRole or Patient or RelatedPerson)
* agent.onBehalfOf only Reference(Organization)

Invariant: decision-scope
Description: "The scope is adr alone: an advance decision is no consent to share"
Severity: #error
Expression: "scope.coding.where(system = 'http://terminology.hl7.org/CodeSystem/consentscope' and code = 'adr').exists() and scope.coding.where(system = 'http://terminology.hl7.org/CodeSystem/consentscope' and code != 'adr').empty()"

Invariant: decision-category
Description: "The category is advance consent directive (consentcategorycodes acd)"
Severity: #error
Expression: "category.coding.where(system = 'http://terminology.hl7.org/CodeSystem/consentcategorycodes' and code = 'acd').exists()"

Invariant: decision-status
Description: "It stands (active), or no longer (inactive)"
Severity: #error
Expression: "status = 'active' or status = 'inactive'"

Invariant: decision-performer
Description: "The person alone makes it (Mental Capacity Act 2005 s. 24): nobody decides it for them"
Severity: #error
Expression: "performer.count() = 1 and performer.all(reference = %resource.patient.reference)"

Invariant: decision-life-sustaining
Description: "One that refuses life-sustaining treatment is verified (it applies even if life is in danger), in writing, signed, and witnessed (Mental Capacity Act 2005 s. 25(5), (6))"
Severity: #error
Expression: "extension.extension.where(url = 'lifeSustaining' and value = true).empty() or (extension.extension.where(url = 'verified' and value = true).exists() and extension.extension.where(url = 'inWriting' and value = true).exists() and extension.extension.where(url = 'signedOn').exists() and extension.extension.where(url = 'witness').exists() and extension.extension.where(url = 'witnessedOn').exists())"

Invariant: decision-document
Description: "Where the signed document lies is said in words (sourceAttachment.title, or sourceReference.display): no address, and not the document itself"
Severity: #error
Expression: "source.empty() or (source.url.empty() and source.data.empty() and (source.title.exists() or source.display.exists()))"

Profile: AdvanceDecision
Parent: Consent
Id: advance-decision
Title: "Advance decision to refuse treatment"
Description: "An advance decision (Mental Capacity Act 2005 ss. 24 to 26; England and Wales). It is no consent to share: nothing that stands in it gives or takes a release. A plan names it in `section.entry` under the heading `refusals`."
* obeys decision-scope and decision-category and decision-status and decision-performer and decision-life-sustaining and decision-document
* extension contains RefusedTreatment named refusedTreatment 1..1 and Supersedes named supersedes 0..*
* extension[refusedTreatment].extension[treatment].value[x] 1..1
* extension[refusedTreatment].extension[lifeSustaining].value[x] 1..1
* extension[supersedes].value[x] 1..1
* patient 1..1
* patient only Reference(Patient)
* patient.reference 1..1
* dateTime 1..1
* performer 1..1
* performer only Reference(Patient)
* performer.reference 1..1
* policy 1..1
* policy.uri 1..1
* policy.uri = "https://www.legislation.gov.uk/ukpga/2005/9"
* policyRule 0..0

Invariant: proxy-code
Description: "It says once by what authority (legal-proxy): lpa-health-welfare, deputy or nominated-person"
Severity: #error
Expression: "relationship.coding.where(system = 'https://crisis-plan-broker.example/fhir/CodeSystem/legal-proxy').count() = 1 and relationship.coding.where(system = 'https://crisis-plan-broker.example/fhir/CodeSystem/legal-proxy' and (code = 'lpa-health-welfare' or code = 'deputy' or code = 'nominated-person')).exists()"

Invariant: proxy-registered
Description: "An attorney or a deputy has the number under which the Office of the Public Guardian knows them"
Severity: #error
Expression: "relationship.coding.where(system = 'https://crisis-plan-broker.example/fhir/CodeSystem/legal-proxy' and code = 'nominated-person').exists() or identifier.where(system = 'https://crisis-plan-broker.example/fhir/NamingSystem/opg-reference' and value.exists()).count() = 1"

Invariant: proxy-name
Description: "A name has a text or a family name"
Severity: #error
Expression: "name.where(text.exists() or family.exists()).exists()"

Invariant: proxy-telecom
Description: "They can be reached: a phone, sms or email that has a value"
Severity: #error
Expression: "telecom.where((system = 'phone' or system = 'sms' or system = 'email') and value.exists()).exists()"

Profile: LegalProxy
Parent: RelatedPerson
Id: legal-proxy
Title: "Legal proxy"
Description: "Who speaks for the person when they lack capacity: an attorney (lasting power of attorney for health and welfare), a deputy of the Court of Protection, or a nominated person. A RelatedPerson without a code of legal-proxy is none. A plan names it in `section.entry` under the heading `refusals`."
* obeys proxy-code and proxy-registered and proxy-name and proxy-telecom
* active 1..1
* patient only Reference(Patient)
* patient.reference 1..1
* relationship 1..*
* name 1..*
* telecom 1..*
* period 1..1
* period.start 1..1
