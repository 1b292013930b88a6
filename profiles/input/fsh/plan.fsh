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
Description: "One section for each heading, with the person-first lines as its text. Sections do not nest."
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
