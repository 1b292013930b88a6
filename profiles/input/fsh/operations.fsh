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
* parameter[+].name = #signs
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "What $projections answered. Where anything that would be signed is no longer what was shown: 409 with the parts that differ, and nothing is approved."
* parameter[=].type = #string
* parameter[+].name = #provenance
* parameter[=].use = #in
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "Who approves, by the profile plan-approval."
* parameter[=].type = #Provenance
* insert AnswersWithThePlan

Instance: projections
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/projections"
* version = "0.1.0"
* name = "Projections"
* title = "What each kind would see"
* status = #draft
* kind = #operation
* affectsState = false
* resource = #CarePlan
* system = false
* type = false
* instance = true
* description = "A draft as each kind of recipient would see it once it is approved, in the shape in which the words leave, and what its approver signs. Without the person's details."
* code = #projections
* parameter[+].name = #version
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The versionId of the draft."
* parameter[=].type = #string
* parameter[+].name = #signs
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The version of the mapping, the hash of the plan's canonical bytes, and of each kind's projection: sent to $approve."
* parameter[=].type = #string
* parameter[+].name = #projection
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "*"
* parameter[=].documentation = "One for each kind: parts kind, hash, heading (code and hash) and words (a Composition)."
* parameter[=].part[+].name = #kind
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #hash
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #heading
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "*"
* parameter[=].part[=].part[+].name = #code
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 1
* parameter[=].part[=].part[=].max = "1"
* parameter[=].part[=].part[=].type = #code
* parameter[=].part[=].part[+].name = #hash
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 1
* parameter[=].part[=].part[=].max = "1"
* parameter[=].part[=].part[=].type = #string
* parameter[=].part[+].name = #words
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #Composition

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

Instance: evaluate
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/evaluate"
* version = "0.1.0"
* name = "Evaluate"
* title = "Evaluate consents"
* status = #draft
* kind = #operation
* affectsState = false
* resource = #Consent
* system = false
* type = true
* instance = false
* description = "What consents of one person release to one actor, by the rules by which the broker itself decides: docs/consent.md. All that it reads is sent with it; nothing is looked up, and nothing is stored."
* code = #evaluate
* parameter[+].name = #consent
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "R4 consents of one person, of any profile; at most 200."
* parameter[=].type = #Consent
* parameter[+].name = #resource
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "What is asked for: any R4 resource, labelled or not; at most 500."
* parameter[=].type = #Resource
* parameter[+].name = #actor
* parameter[=].use = #in
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "Who asks: a reference, an identifier, or both."
* parameter[=].type = #Reference
* parameter[+].name = #actorResource
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "Resources by which actors are resolved: identifiers, a role's organisation, a service's kind, members of a group; at most 200. What is not here is not known."
* parameter[=].type = #Resource
* parameter[+].name = #purpose
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "The one purpose of use, compared exactly. Without it the question is for whatever purpose: only what is limited to none permits it."
* parameter[=].type = #Coding
* parameter[+].name = #heading
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "Headings of a plan."
* parameter[=].type = #code
* parameter[+].name = #class
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "Classes of information (resource types, profiles, document types)."
* parameter[=].type = #Coding
* parameter[+].name = #at
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "The instant of the release; now, where it is absent."
* parameter[=].type = #instant
* parameter[+].name = #decision
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "permit where something is released, deny where nothing is, undecidable where any part cannot be decided: then nothing is released."
* parameter[=].type = #code
* parameter[+].name = #released
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "What is released: the resource, heading or class, the reason, and the provision that decided."
* parameter[=].part[+].name = #answer
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #reason
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #provision
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string
* parameter[+].name = #withheld
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "What is withheld, in the same form."
* parameter[=].part[+].name = #answer
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #reason
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #provision
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string

Instance: emergency-access
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/emergency-access"
* version = "0.1.0"
* name = "EmergencyAccess"
* title = "Emergency access (break-glass)"
* status = #draft
* kind = #operation
* code = #emergency-access
* affectsState = true
* resource = #Patient
* system = false
* type = true
* instance = true
* description = "By a registered clinician, never for police. On the type it names a person, who is said back with an id; on that id, within five minutes, it takes a reason and shows, for an hour, what the agreement allows under BTG and the person has not ruled out. GET shows it again within the hour. Whether there is no plan, none that may be shown, or nobody of that name, the answer is the same: Parameters without a document. Each call is on record, and the privacy officers are told."
* parameter[+].name = #resource
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "On the type: a Patient with what is known of the person, as for $match."
* parameter[=].type = #Patient
* parameter[+].name = #reason
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "On the instance: why, from a closed list."
* parameter[=].type = #code
* parameter[=].binding.strength = #required
* parameter[=].binding.valueSet = Canonical(EmergencyReasonVS)
* parameter[+].name = #text
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "On the instance: why this cannot wait, in 10 to 1000 characters, for the privacy officer of who asks. It names nobody."
* parameter[=].type = #string
* parameter[+].name = #patient
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "On the type: the person in the caller's own words, with the id by which access is asked for. It says nothing of whether anybody is known."
* parameter[=].type = #Patient
* parameter[+].name = #until
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "When the access ends, where something is shown."
* parameter[=].type = #instant
* parameter[+].name = #document
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "Each plan as a FHIR document: a view, which nobody may store."
* parameter[=].type = #Bundle

Instance: sharing
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/sharing"
* version = "0.1.0"
* name = "Sharing"
* title = "With whom the plans of a person are shared"
* status = #draft
* kind = #operation
* code = #sharing
* affectsState = false
* resource = #Patient
* system = false
* type = false
* instance = true
* description = "Service by service: what it may see, why, what it holds, what it was asked to give up and how it answered; in plain words, with codes beside them. For the publisher, of its own Patient, and for the person themselves. Each call is on record."
* parameter[+].name = #organization
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "One service and one plan."
* parameter[=].part[+].name = #service
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #Reference
* parameter[=].part[+].name = #kind
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #plan
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #Reference
* parameter[=].part[+].name = #sees
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #heading
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "*"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #because
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #why
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #holds
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #listed
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "Until when they may hold a list, for use without a connection, that says that there is a plan."
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #since
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #instant
* parameter[=].part[+].name = #asked
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "*"
* parameter[=].part[=].type = #string

Instance: explain
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/explain"
* version = "0.1.0"
* name = "Explain"
* title = "How a decision was come to"
* status = #draft
* kind = #operation
* code = #explain
* affectsState = false
* resource = #CarePlan
* system = false
* type = false
* instance = true
* description = "For a plan in force and one service, now or as it was at an instant that has passed: each gate in its order, the facts that were read with version and hash, the answer for a look-up, and the answer at each address that is told. For the publisher, of its own plan. Each call is on record."
* parameter[+].name = #recipient
* parameter[=].use = #in
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "HealthcareService/[id]; in the query, for this is asked by GET."
* parameter[=].type = #string
* parameter[+].name = #at
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "An instant that has passed: facts, gates and answer as they were then. Without it: now."
* parameter[=].type = #instant
* parameter[+].name = #at
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The moment of the decision."
* parameter[=].type = #instant
* parameter[+].name = #answer
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "hold, nothing, or freeze."
* parameter[=].type = #code
* parameter[+].name = #because
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "Why nothing, or a freeze."
* parameter[=].type = #code
* parameter[+].name = #purpose
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "The purpose under which it is shown."
* parameter[=].type = #code
* parameter[+].name = #heading
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "Headings that are shown."
* parameter[=].type = #code
* parameter[+].name = #until
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "When time alone may change the answer."
* parameter[=].type = #instant
* parameter[+].name = #withheld
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "A heading of what was signed that is not shown, and the first gate that leaves it out."
* parameter[=].part[+].name = #heading
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #by
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[+].name = #gate
* parameter[=].use = #out
* parameter[=].min = 7
* parameter[=].max = "7"
* parameter[=].documentation = "One gate: passed, failed or not-reached."
* parameter[=].part[+].name = #gate
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #outcome
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #because
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[+].name = #fact
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "A fact that was read: its version, and the hash under which the trail names it."
* parameter[=].part[+].name = #reference
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #Reference
* parameter[=].part[+].name = #hash
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string
* parameter[+].name = #address
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "One address that is told, or where reads are kept track of."
* parameter[=].part[+].name = #channel
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #answer
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #because
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[+].name = #note
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "Of an instant that has passed: what is not read as it was then."
* parameter[=].type = #string

Instance: preview-release
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/preview-release"
* version = "0.1.0"
* name = "PreviewRelease"
* title = "What a change would give and take"
* status = #draft
* kind = #operation
* code = #preview-release
* affectsState = false
* resource = #CarePlan
* system = false
* type = false
* instance = true
* description = "On a draft: what each service would gain or lose by its approval, and what the guardrails would stop or warn of. On a plan in force: by a consent or an agreement. Nothing is stored and nobody is told. For the publisher, of its own plan. Each call is on record."
* parameter[+].name = #consent
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "A new consent of the person, or a new version of one."
* parameter[=].type = #Consent
* parameter[+].name = #agreement
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "A new agreement, or a new version of one."
* parameter[=].type = #Contract
* parameter[+].name = #organization
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "One service."
* parameter[=].part[+].name = #service
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #Reference
* parameter[=].part[+].name = #kind
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #before
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #after
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #because
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #gained
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "*"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #lost
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "*"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #recall
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #boolean
* parameter[+].name = #guardrail
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "Of a draft: what a guardrail finds in it. error: its approval would be refused."
* parameter[=].part[+].name = #id
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #severity
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #sentence
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #place
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string

Instance: resend
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/resend"
* version = "0.1.0"
* name = "Resend"
* title = "Tell events of a Subscription once more"
* status = #draft
* kind = #operation
* code = #resend
* affectsState = true
* resource = #Subscription
* system = false
* type = false
* instance = true
* description = "As in Subscriptions R5 Backport 1.2.0-ballot. Each plan among the events that are named is decided again, as after any change, and what may be told of it now is told once more, under the number of its newest event there. Nothing is kept to be repeated. Only of a Subscription that is active; on record. Without a limit all events are meant that are kept."
* parameter[+].name = #eventsSinceNumber
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "The first event, by its number, inclusive."
* parameter[=].type = #string
* parameter[+].name = #eventsUntilNumber
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "The last event, by its number, inclusive."
* parameter[=].type = #string
* parameter[+].name = #eventsSinceInstant
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "Not before this instant."
* parameter[=].type = #instant
* parameter[+].name = #eventsUntilInstant
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "Not after this instant."
* parameter[=].type = #instant
* parameter[+].name = #content
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "A hint. A notification carries what the Subscription asks for."
* parameter[=].type = #code
* parameter[+].name = #return
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "Of how many plans."
* parameter[=].type = #OperationOutcome

Instance: report-reuse
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/report-reuse"
* version = "0.1.0"
* name = "ReportReuse"
* title = "Report a reuse"
* status = #draft
* kind = #operation
* code = #report-reuse
* affectsState = true
* resource = #Contract
* system = false
* type = false
* instance = true
* description = "Content was used beyond the recipient's duty: the recipient reports its own, or the publisher one of a recipient. A Task with the code reuse-breach lies with the privacy officer of each, and it is on record. Nothing is told of whether there is a plan."
* parameter[+].name = #reuse
* parameter[=].use = #in
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "What was done, by the CodeSystem reuse."
* parameter[=].type = #code
* parameter[+].name = #text
* parameter[=].use = #in
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "What happened, in 10 to 1,000 characters, naming nobody. From a recipient it goes to the publisher; never the other way."
* parameter[=].type = #string
* parameter[+].name = #recipient
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "The HealthcareService that did it; named by a publisher only."
* parameter[=].type = #Reference
* parameter[+].name = #plan
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "The CarePlan, by the id under which the caller knows it. Told to its publisher only."
* parameter[=].type = #Reference
* parameter[+].name = #task
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The caller's own Task."
* parameter[=].type = #Reference

Instance: ending-progress
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/ending-progress"
* version = "0.1.0"
* name = "EndingProgress"
* title = "How far an ended agreement is given up"
* status = #draft
* kind = #operation
* code = #ending-progress
* affectsState = false
* resource = #Contract
* system = false
* type = false
* instance = true
* description = "For a publisher, of its own keys: when the agreement ended for each service (the barrier: nothing is begun after it), and how far what they hold has been given up since. Each call is on record."
* parameter[+].name = #over
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "Whether it has ended for any service."
* parameter[=].type = #boolean
* parameter[+].name = #barrier
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "The last of the services to be ended."
* parameter[=].type = #instant
* parameter[+].name = #completed
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "When the last key was given up; absent while any is not."
* parameter[=].type = #instant
* parameter[+].name = #covered
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "Keys that hold what they may no longer, or were asked to give it up since."
* parameter[=].type = #unsignedInt
* parameter[+].name = #waiting
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "Not asked yet."
* parameter[=].type = #unsignedInt
* parameter[+].name = #asked
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "Asked to give it up."
* parameter[=].type = #unsignedInt
* parameter[+].name = #acknowledged
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "Whose last recall was accepted."
* parameter[=].type = #unsignedInt
* parameter[+].name = #chased
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "Asked more than once."
* parameter[=].type = #unsignedInt
* parameter[+].name = #refused
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "Whose last recall was refused."
* parameter[=].type = #unsignedInt
* parameter[+].name = #unknown
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "Asked, and not answered."
* parameter[=].type = #unsignedInt
* parameter[+].name = #ended
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "No copy is believed to be held any more."
* parameter[=].type = #unsignedInt
* parameter[+].name = #kept
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "Held on under another agreement that is in force."
* parameter[=].type = #unsignedInt
* parameter[+].name = #service
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "The same for each service."
* parameter[=].part[+].name = #recipient
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #Reference
* parameter[=].part[+].name = #barrier
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #instant
* parameter[=].part[+].name = #completed
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #instant
* parameter[=].part[+].name = #covered
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #unsignedInt
* parameter[=].part[+].name = #waiting
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #unsignedInt
* parameter[=].part[+].name = #asked
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #unsignedInt
* parameter[=].part[+].name = #acknowledged
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #unsignedInt
* parameter[=].part[+].name = #chased
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #unsignedInt
* parameter[=].part[+].name = #refused
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #unsignedInt
* parameter[=].part[+].name = #unknown
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #unsignedInt
* parameter[=].part[+].name = #ended
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #unsignedInt
* parameter[=].part[+].name = #kept
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #unsignedInt

Instance: ending-proof
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/ending-proof"
* version = "0.1.0"
* name = "EndingProof"
* title = "Item by item how an ended agreement is given up"
* status = #draft
* kind = #operation
* code = #ending-proof
* affectsState = false
* resource = #Contract
* system = false
* type = false
* instance = true
* description = "The same for each key, in pages: what was sent, each recall with its ids, and how and when the recipient answered. Each call is on record."
* parameter[+].name = #_count
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "Items on a page, 100 where it is not said, at most 1000; in the query."
* parameter[=].type = #integer
* parameter[+].name = #after
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "What the page before answered as next; in the query."
* parameter[=].type = #string
* parameter[+].name = #item
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "One key."
* parameter[=].part[+].name = #recipient
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #Reference
* parameter[=].part[+].name = #plan
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #Reference
* parameter[=].part[+].name = #disclosure
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #id
* parameter[=].part[+].name = #sent
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].part[+].name = #document
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 1
* parameter[=].part[=].part[=].max = "1"
* parameter[=].part[=].part[=].type = #id
* parameter[=].part[=].part[+].name = #sequence
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 1
* parameter[=].part[=].part[=].max = "1"
* parameter[=].part[=].part[=].type = #string
* parameter[=].part[=].part[+].name = #at
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 1
* parameter[=].part[=].part[=].max = "1"
* parameter[=].part[=].part[=].type = #instant
* parameter[=].part[+].name = #recall
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "*"
* parameter[=].part[=].part[+].name = #document
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 1
* parameter[=].part[=].part[=].max = "1"
* parameter[=].part[=].part[=].type = #id
* parameter[=].part[=].part[+].name = #sequence
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 1
* parameter[=].part[=].part[=].max = "1"
* parameter[=].part[=].part[=].type = #string
* parameter[=].part[=].part[+].name = #asked
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 1
* parameter[=].part[=].part[=].max = "1"
* parameter[=].part[=].part[=].type = #instant
* parameter[=].part[=].part[+].name = #outcome
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 1
* parameter[=].part[=].part[=].max = "1"
* parameter[=].part[=].part[=].type = #code
* parameter[=].part[=].part[+].name = #because
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 0
* parameter[=].part[=].part[=].max = "1"
* parameter[=].part[=].part[=].type = #string
* parameter[=].part[=].part[+].name = #answered
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 0
* parameter[=].part[=].part[=].max = "1"
* parameter[=].part[=].part[=].type = #instant
* parameter[=].part[+].name = #held
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #boolean
* parameter[+].name = #next
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "For the next page; absent on the last."
* parameter[=].type = #string

Instance: submit-for-review
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/submit-for-review"
* version = "0.1.0"
* name = "SubmitForReview"
* title = "Submit a draft for review"
* status = #draft
* kind = #operation
* code = #submit-for-review
* affectsState = true
* resource = #CarePlan
* system = false
* type = false
* instance = true
* description = "A draft is put into review: a Task of the publisher's with the code plan-review, which names the draft, its words and the hash of both. Nothing is done again for the same bytes. Once the draft or its words are written the review is over. CarePlan.status stays draft."
* parameter[+].name = #version
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "The versionId of the draft that is submitted; without it, the newest."
* parameter[=].type = #string
* parameter[+].name = #state
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "Where the draft stands, by the CodeSystem review-state."
* parameter[=].type = #code
* parameter[+].name = #version
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The versionId of the draft."
* parameter[=].type = #string
* parameter[+].name = #bytes
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The hash of what would be signed, as it stands in signs of $projections."
* parameter[=].type = #string
* parameter[+].name = #submitted
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "When these bytes were first submitted."
* parameter[=].type = #instant
* parameter[+].name = #task
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The Task by which it is in review."
* parameter[=].type = #Reference

Instance: comment
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/comment"
* version = "0.1.0"
* name = "Comment"
* title = "Say something of a draft in review"
* status = #draft
* kind = #operation
* code = #comment
* affectsState = true
* resource = #CarePlan
* system = false
* type = false
* instance = true
* description = "A comment, or a request for a change, about a draft in review. It is kept as a Task of the publisher's (review-comment or change-request) with who, when and about which bytes. A draft is not approved while a change request is open: it is resolved by completing or rejecting its Task."
* parameter[+].name = #kind
* parameter[=].use = #in
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "comment or change-request, by the CodeSystem comment-kind."
* parameter[=].type = #code
* parameter[+].name = #heading
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "The heading that it is about, by the CodeSystem plan-heading; without it, the whole draft."
* parameter[=].type = #code
* parameter[+].name = #text
* parameter[=].use = #in
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "What is said, in at most 1,000 characters."
* parameter[=].type = #string
* parameter[+].name = #task
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The Task that keeps it."
* parameter[=].type = #Reference

Instance: changes
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/changes"
* version = "0.1.0"
* name = "Changes"
* title = "What a draft changes"
* status = #draft
* kind = #operation
* code = #changes
* affectsState = false
* resource = #CarePlan
* system = false
* type = false
* instance = true
* description = "A draft against the version of the plan that is in force, heading by heading with both texts, for which kinds each makes the projection another, where the draft stands in its review, and what was said of it. Each call is on record."
* parameter[+].name = #state
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "Where the draft stands, by the CodeSystem review-state."
* parameter[=].type = #code
* parameter[+].name = #version
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The versionId of the draft."
* parameter[=].type = #string
* parameter[+].name = #bytes
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The hash of what would be signed."
* parameter[=].type = #string
* parameter[+].name = #inForce
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "The CarePlan that is in force; absent where there is none, and then every heading is added."
* parameter[=].type = #Reference
* parameter[+].name = #projection
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "*"
* parameter[=].documentation = "One for each kind of recipient."
* parameter[=].part[+].name = #kind
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #changed
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #boolean
* parameter[+].name = #heading
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "One for each heading of either, in the order in which a plan is read. The text is the XHTML that is signed."
* parameter[=].part[+].name = #code
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #change
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #before
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].part[+].name = #text
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 0
* parameter[=].part[=].part[=].max = "1"
* parameter[=].part[=].part[=].type = #string
* parameter[=].part[=].part[+].name = #action
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 0
* parameter[=].part[=].part[=].max = "*"
* parameter[=].part[=].part[=].type = #string
* parameter[=].part[=].part[+].name = #refusal
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 0
* parameter[=].part[=].part[=].max = "*"
* parameter[=].part[=].part[=].type = #string
* parameter[=].part[+].name = #after
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].part[+].name = #text
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 0
* parameter[=].part[=].part[=].max = "1"
* parameter[=].part[=].part[=].type = #string
* parameter[=].part[=].part[+].name = #action
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 0
* parameter[=].part[=].part[=].max = "*"
* parameter[=].part[=].part[=].type = #string
* parameter[=].part[=].part[+].name = #refusal
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 0
* parameter[=].part[=].part[=].max = "*"
* parameter[=].part[=].part[=].type = #string
* parameter[=].part[+].name = #kind
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "*"
* parameter[=].part[=].type = #code
* parameter[+].name = #comment
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "What was said, oldest first."
* parameter[=].part[+].name = #task
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #Reference
* parameter[=].part[+].name = #kind
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #heading
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #text
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #by
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #Reference
* parameter[=].part[+].name = #at
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #instant
* parameter[=].part[+].name = #bytes
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #open
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #boolean

Instance: access-log
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/access-log"
* version = "0.1.0"
* name = "AccessLog"
* title = "Who looked at the plans of a person"
* status = #draft
* kind = #operation
* code = #access-log
* affectsState = false
* resource = #Patient
* system = false
* type = false
* instance = true
* description = "Newest first: who was sent or shown a plan of the person, or was told that there is one, when, for what, and what they saw; and whoever asked in an emergency, whatever they were answered. To the person across every publisher, to a publisher of its own Patient. Nothing else that was refused is told. Each call is on record."
* parameter[+].name = #_count
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "Accesses on a page, 1 to 100; 50 where it is left out."
* parameter[=].type = #integer
* parameter[+].name = #after
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "What the page before answered as next."
* parameter[=].type = #string
* parameter[+].name = #access
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "One look."
* parameter[=].part[+].name = #event
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "Its AuditEvent, which the publisher may read."
* parameter[=].part[=].type = #Reference
* parameter[=].part[+].name = #at
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #instant
* parameter[=].part[+].name = #organization
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "Who looked: ODS code, and name in words. Nobody who works there is named."
* parameter[=].part[=].type = #Reference
* parameter[=].part[+].name = #kind
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #what
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #why
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #heading
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "*"
* parameter[=].part[=].type = #code
* parameter[+].name = #next
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "Where the next page begins; absent on the last."
* parameter[=].type = #string

Instance: raise-concern
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/raise-concern"
* version = "0.1.0"
* name = "RaiseConcern"
* title = "Ask for a correction, or complain"
* status = #draft
* kind = #operation
* code = #raise-concern
* affectsState = true
* resource = #Patient
* system = false
* type = false
* instance = true
* description = "For the person whose record it is. A Task with the code correction or complaint lies with the privacy officer of its publisher, who answers by its status and notes; the person reads it. It is on record."
* parameter[+].name = #concern
* parameter[=].use = #in
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "correction or complaint."
* parameter[=].type = #code
* parameter[+].name = #text
* parameter[=].use = #in
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "What is wrong, in the person's own words: 10 to 4,000 characters. It goes to the publisher, and to nobody else."
* parameter[=].type = #string
* parameter[+].name = #about
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "A plan in force of this record (CarePlan), or a look at one (an event of $access-log)."
* parameter[=].type = #Reference
* parameter[+].name = #task
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The Task, which the person may read."
* parameter[=].type = #Reference

Instance: refuse-sharing
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/refuse-sharing"
* version = "0.1.0"
* name = "RefuseSharing"
* title = "No longer shared"
* status = #draft
* kind = #operation
* code = #refuse-sharing
* affectsState = true
* resource = #Patient
* system = false
* type = false
* instance = true
* description = "For the person whose record it is: a Consent of their own that denies, from this moment, what is named, or all of it. It beats every permit. What is held is asked back. Only a later Consent of the trust's, made with the person, that supersedes it permits again; nobody rewrites it."
* parameter[+].name = #kind
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "Kinds of service that are to see nothing more. Without a kind and an organisation: everybody."
* parameter[=].type = #code
* parameter[+].name = #organization
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "ODS codes of organisations that are to see nothing more."
* parameter[=].type = #string
* parameter[+].name = #heading
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "Headings that are meant. Without one: the whole plan."
* parameter[=].type = #code
* parameter[+].name = #keepEmergencyAccess
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "Whether a registered clinician may still look in an emergency. Without it: no."
* parameter[=].type = #boolean
* parameter[+].name = #consent
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The Consent."
* parameter[=].type = #Reference

Instance: print
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/print"
* version = "0.1.0"
* name = "Print"
* title = "A plan on paper"
* status = #draft
* kind = #operation
* code = #print
* affectsState = false
* resource = #CarePlan
* system = false
* type = false
* instance = true
* description = "The whole plan, every heading of it, as a tagged PDF: to the person a plan in force, to its publisher each of its own, which says whether it is in force. A call of the person's is on record."
* parameter[+].name = #return
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The PDF: application/pdf, in base64."
* parameter[=].type = #Binary

Instance: pause
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/pause"
* version = "0.1.0"
* name = "Pause"
* title = "Pause a recipient"
* status = #draft
* kind = #operation
* code = #pause
* affectsState = true
* resource = #HealthcareService
* system = false
* type = false
* instance = true
* description = "For the operator: no update is sent to this recipient until it is resumed; recalls still go, for they are a duty, unless they are held back too. What was begun before ends within seconds. It is on record, and a Task with the operator and each publisher stays open as long as it lasts."
* parameter[+].name = #reason
* parameter[=].use = #in
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "Why, in at most 200 characters; it names nobody."
* parameter[=].type = #string
* parameter[+].name = #recalls
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "True holds recalls back, too: its Task says how many are owed. Left out means false."
* parameter[=].type = #boolean
* parameter[+].name = #recipient
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The service."
* parameter[=].type = #Reference
* parameter[+].name = #paused
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "Whether it is paused now."
* parameter[=].type = #boolean
* parameter[+].name = #since
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].type = #instant
* parameter[+].name = #by
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "Who paused it."
* parameter[=].type = #string
* parameter[+].name = #reason
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].type = #string
* parameter[+].name = #recalls
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "Whether recalls are held back, too."
* parameter[=].type = #boolean
* parameter[+].name = #recallsOwed
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "Plans that may have to be asked back there now."
* parameter[=].type = #unsignedInt

Instance: resume
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/resume"
* version = "0.1.0"
* name = "Resume"
* title = "Resume a recipient"
* status = #draft
* kind = #operation
* code = #resume
* affectsState = true
* resource = #HealthcareService
* system = false
* type = false
* instance = true
* description = "For the operator: ends a pause. Everything that waits is decided again, and goes. It is on record. The same answer where there was no pause."
* parameter[+].name = #recipient
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The service."
* parameter[=].type = #Reference
* parameter[+].name = #paused
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "Whether it is paused now."
* parameter[=].type = #boolean
* parameter[+].name = #since
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].type = #instant
* parameter[+].name = #by
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "Who paused it."
* parameter[=].type = #string
* parameter[+].name = #reason
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].type = #string
* parameter[+].name = #recalls
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "Whether recalls are held back, too."
* parameter[=].type = #boolean
* parameter[+].name = #recallsOwed
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "Plans that may have to be asked back there now."
* parameter[=].type = #unsignedInt

Instance: check
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/check"
* version = "0.1.0"
* name = "Check"
* title = "Check of an address"
* status = #draft
* kind = #operation
* code = #check
* affectsState = true
* resource = #Endpoint
* system = false
* type = false
* instance = true
* description = "A conformance conversation with the address, over its own channel, about a test person: started where there was none, and otherwise told how far it is and what the recipient did. Ask again until its status is done. What it saw and is not declared keeps the Endpoint from being active."
* parameter[+].name = #again
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "True: one that has ended is held anew."
* parameter[=].type = #boolean
* parameter[+].name = #check
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "Its id."
* parameter[=].type = #id
* parameter[+].name = #status
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "running or done."
* parameter[=].type = #code
* parameter[+].name = #began
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "When it began."
* parameter[=].type = #instant
* parameter[+].name = #ended
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "When it ended."
* parameter[=].type = #instant
* parameter[+].name = #tried
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "Scenarios that have been tried."
* parameter[=].type = #integer
* parameter[+].name = #of
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "Scenarios that there are."
* parameter[=].type = #integer
* parameter[+].name = #scenario
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "*"
* parameter[=].documentation = "Each scenario, in order: waiting, running, not-asked-by-message, unanswered, as-declared or contradicts, and what was said in it."
* parameter[=].part[+].name = #name
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #state
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #said
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "*"
* parameter[=].part[=].part[+].name = #message
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 1
* parameter[=].part[=].part[=].max = "1"
* parameter[=].part[=].part[=].type = #string
* parameter[=].part[=].part[+].name = #outcome
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 1
* parameter[=].part[=].part[=].max = "1"
* parameter[=].part[=].part[=].type = #code
* parameter[=].part[=].part[+].name = #answer
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 1
* parameter[=].part[=].part[=].max = "1"
* parameter[=].part[=].part[=].type = #string
* parameter[=].part[=].part[+].name = #ms
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 1
* parameter[=].part[=].part[=].max = "1"
* parameter[=].part[=].part[=].type = #integer
* parameter[+].name = #contradiction
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "What was seen and is not what is declared: the Endpoint is not made active while it stands."
* parameter[=].part[+].name = #scenario
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #declared
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #uri
* parameter[=].part[+].name = #seen
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string
* parameter[+].name = #proposal
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "What the profile should say, by what was seen."
* parameter[=].part[+].name = #scenario
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #declare
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #uri
* parameter[=].part[+].name = #value
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string
* parameter[+].name = #proposed
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "The Endpoint with its profile filled in by the proposals: to be looked at, and written by people."
* parameter[=].type = #Endpoint

Instance: replay
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/replay"
* version = "0.1.0"
* name = "Replay"
* title = "Send once more"
* status = #draft
* kind = #operation
* code = #replay
* affectsState = true
* resource = #Endpoint
* system = false
* type = false
* instance = true
* description = "What is refused, in doubt or awaited at this address is decided again, and sent once more where it may be sent now: nothing is sent that may not be. The same thing again goes under its MessageHeader.id in a new Bundle (R4 reliable messaging, resubmission); anything else is a new message. The operator's only, and on the trail with its reason."
* parameter[+].name = #key
* parameter[=].use = #in
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The key (ledger show), the id under which the recipient knows the plan, or the id of a CarePlan that was approved."
* parameter[=].type = #string
* parameter[+].name = #reason
* parameter[=].use = #in
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "Why, in at most 200 characters, naming nobody. It stands on the trail."
* parameter[=].type = #string
* parameter[+].name = #key
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The key."
* parameter[=].type = #string
* parameter[+].name = #move
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "update or recall: what goes as soon as it is decided again that it may; none where nothing is owed."
* parameter[=].type = #code
* parameter[+].name = #resubmits
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "Whether it goes under the MessageHeader.id of before."
* parameter[=].type = #boolean
* parameter[+].name = #because
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "Why nothing may be held there; missing where something may."
* parameter[=].type = #code

Instance: end-chase
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/end-chase"
* version = "0.1.0"
* name = "EndChase"
* title = "End a chase by hand"
* status = #draft
* kind = #operation
* code = #end-chase
* affectsState = true
* resource = #HealthcareService
* system = false
* type = false
* instance = true
* description = "A person of the operator's, who is signed in, says what became of what this service is asked to give up: it attests that it has, the law has it kept, or it is used no more. It is not asked for any more; what may still arrive, and what is sent later, is recalled as before. Sealed by the broker, told to the plan's publisher, and on record."
* parameter[+].name = #level
* parameter[=].use = #in
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "What became of it, by the CodeSystem chase-end."
* parameter[=].type = #code
* parameter[+].name = #basis
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "By what law it is kept, by the CodeSystem retention-basis; with retained-by-law, and with nothing else."
* parameter[=].type = #code
* parameter[+].name = #disclosure
* parameter[=].use = #in
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "CarePlan/[id], by the id under which the service knows the plan."
* parameter[=].type = #Reference
* parameter[+].name = #document
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "The documents that were checked; without one, all that are asked back there."
* parameter[=].type = #id
* parameter[+].name = #reason
* parameter[=].use = #in
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "Why, in at most 1,000 characters, naming nobody."
* parameter[=].type = #string
* parameter[+].name = #checked
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "What was checked, and how; where it is attested."
* parameter[=].type = #string
* parameter[+].name = #provenance
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "What was sealed: who said what, of which service and which documents."
* parameter[=].type = #Provenance

Instance: move
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/move"
* version = "0.1.0"
* name = "Move"
* title = "Move to another address"
* status = #draft
* kind = #operation
* code = #move
* affectsState = true
* resource = #Endpoint
* system = false
* type = false
* instance = true
* description = "The Endpoint has another address from here on. What lies at the old one is recalled first, by the credential of there, which is kept until nothing is left; then what should be held is sent to the new one. The operator's only, and on the trail."
* parameter[+].name = #address
* parameter[=].use = #in
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The new address."
* parameter[=].type = #url
* parameter[+].name = #credential
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "A credential, part by part; secret, and never answered."
* parameter[=].part[+].name = #token-url
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "Where tokens are asked for."
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #client
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "The id that the platform gave."
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #key
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "The private key, PEM or JWK."
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #kid
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "Its id."
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #alg
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "RS512 (left out), RS384 or ES384."
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #scope
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "Scope that is asked for."
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #audience
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "Aud of the assertion, where it is not the token address."
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #token-ca
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "Authorities of the token address, PEM."
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #cert
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "The certificate that the broker shows, PEM."
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #cert-key
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "Its key, PEM."
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #ca
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "Authorities of the address, PEM."
* parameter[=].part[=].type = #string
* parameter[+].name = #without-credential
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "True: the new address needs none, though the old one had."
* parameter[=].type = #boolean
* parameter[+].name = #service
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The service whose address it is."
* parameter[=].type = #Reference
* parameter[+].name = #address
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The address that it has now."
* parameter[=].type = #url
* parameter[+].name = #credential
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "Each credential of the Endpoint as it may be shown: its address, whether it is in use, prepared or left, since when, and what it is, without secrets."
* parameter[=].part[+].name = #address
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #url
* parameter[=].part[+].name = #standing
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #since
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #instant
* parameter[=].part[+].name = #shown
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string

Instance: rotate-credential
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/rotate-credential"
* version = "0.1.0"
* name = "RotateCredential"
* title = "Rotate a credential"
* status = #draft
* kind = #operation
* code = #rotate-credential
* affectsState = true
* resource = #Endpoint
* system = false
* type = false
* instance = true
* description = "Another credential in the place of the one of an address, or the first one there. What is not said stays. Attempts on their way end with the one that they began with. The operator's only, and on the trail."
* parameter[+].name = #address
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].documentation = "The address that it is for; left out, the one that the Endpoint has."
* parameter[=].type = #url
* parameter[+].name = #credential
* parameter[=].use = #in
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "A credential, part by part; secret, and never answered."
* parameter[=].part[+].name = #token-url
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "Where tokens are asked for."
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #client
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "The id that the platform gave."
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #key
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "The private key, PEM or JWK."
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #kid
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "Its id."
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #alg
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "RS512 (left out), RS384 or ES384."
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #scope
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "Scope that is asked for."
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #audience
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "Aud of the assertion, where it is not the token address."
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #token-ca
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "Authorities of the token address, PEM."
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #cert
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "The certificate that the broker shows, PEM."
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #cert-key
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "Its key, PEM."
* parameter[=].part[=].type = #string
* parameter[=].part[+].name = #ca
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "1"
* parameter[=].part[=].documentation = "Authorities of the address, PEM."
* parameter[=].part[=].type = #string
* parameter[+].name = #service
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The service whose address it is."
* parameter[=].type = #Reference
* parameter[+].name = #address
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "The address that it has now."
* parameter[=].type = #url
* parameter[+].name = #credential
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "Each credential of the Endpoint as it may be shown: its address, whether it is in use, prepared or left, since when, and what it is, without secrets."
* parameter[=].part[+].name = #address
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #url
* parameter[=].part[+].name = #standing
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #since
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #instant
* parameter[=].part[+].name = #shown
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string

Instance: rotate-secret
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/rotate-secret"
* version = "0.1.0"
* name = "RotateSecret"
* title = "Another signing secret"
* status = #draft
* kind = #operation
* code = #rotate-secret
* affectsState = true
* resource = #Subscription
* system = false
* type = false
* instance = true
* description = "Makes a Subscription another secret by which its notifications are signed in the way of Standard Webhooks. The one before goes on beside it, so that a receiver can change; older ones are forgotten. It is told this once."
* parameter[+].name = #secret
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "whsec_ and 32 bytes in base64."
* parameter[=].type = #string

Instance: list
InstanceOf: OperationDefinition
Usage: #definition
* url = "https://crisis-plan-broker.example/fhir/OperationDefinition/list"
* version = "0.1.0"
* name = "List"
* title = "Plan flags, for matching without a connection"
* status = #draft
* kind = #operation
* code = #list
* affectsState = false
* resource = #Flag
* system = false
* type = true
* instance = false
* description = "Of whom this caller holds a plan flag by reach, consent and agreement, as salted and cut hashes of NHS numbers: that there is a plan, and nothing of it. While it is being built, 202 with Retry-After; the same address is asked again. Under one salt to its end, with what is on it as of now; each handing out is on record, and so is each person on it."
* parameter[+].name = #until
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "From then on it may not be used, and is destroyed."
* parameter[=].type = #instant
* parameter[+].name = #note
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "What is shown beside a flag that is found: a plan never stops care."
* parameter[=].type = #string
* parameter[+].name = #function
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].documentation = "How an NHS number becomes an entry. It is computed over the ten digits: name is scrypt (RFC 7914), length counts bytes, and the salt is of this list alone."
* parameter[=].part[+].name = #name
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #code
* parameter[=].part[+].name = #cost
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #positiveInt
* parameter[=].part[+].name = #blockSize
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #positiveInt
* parameter[=].part[+].name = #parallelization
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #positiveInt
* parameter[=].part[+].name = #length
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #positiveInt
* parameter[=].part[+].name = #salt
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #base64Binary
* parameter[+].name = #entry
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "One in hex, sorted. Several persons may share one."
* parameter[=].type = #string
