Extension: PlanReach
Id: plan-reach
Title: "Reach"
Description: "Whom the plan is for: a named service, or every service of an area."
* ^context[0].type = #element
* ^context[0].expression = "CarePlan"
* value[x] 1..1
* value[x] only Reference(HealthcareService) or Coding

Extension: ReviewDate
Id: review-date
Title: "Review date"
Description: "Day of the planned review. After it a plan is shown with a banner; a consent speaks on, and an agreement is in force until it ends."
* ^context[0].type = #element
* ^context[0].expression = "CarePlan"
* ^context[1].type = #element
* ^context[1].expression = "Consent"
* ^context[2].type = #element
* ^context[2].expression = "Contract"
* value[x] 1..1
* value[x] only date

Extension: AgreementJurisdiction
Id: agreement-jurisdiction
Title: "Jurisdiction of an agreement"
Description: "By whose law a data-sharing agreement is read (ISO 3166-2): England and Wales, GB-EAW."
* ^context[0].type = #element
* ^context[0].expression = "Contract"
* value[x] 1..1
* value[x] only Coding

Extension: AgreementReachExtension
Id: agreement-reach
Title: "Reach of an agreement"
Description: "Whom a term of a data-sharing agreement serves: in-reach, those in a plan's reach alone, who may not look up other plans; look-up, those alone who look up, and nothing is sent. Where it is left out both."
* ^context[0].type = #element
* ^context[0].expression = "Contract.term"
* value[x] 1..1
* value[x] only code
* valueCode from AgreementReachVS (required)

Extension: Dpia
Id: dpia
Title: "Data protection impact assessment"
Description: "The reference number of the data protection impact assessment (UK GDPR art. 35) on which a data-sharing agreement rests."
* ^context[0].type = #element
* ^context[0].expression = "Contract"
* value[x] 1..1
* value[x] only Identifier

Extension: AgreedWithPerson
Id: agreed-with-person
Title: "Agreed with the person"
Description: "Whether the person agreed to the plan; if not, why, and the second clinician who stands for it."
* ^context[0].type = #element
* ^context[0].expression = "CarePlan"
* extension contains agreed 1..1 and reason 0..1 and secondClinician 0..1
* extension[agreed].value[x] 1..1
* extension[agreed].value[x] only boolean
* extension[reason].value[x] 1..1
* extension[reason].value[x] only string
* extension[secondClinician].value[x] 1..1
* extension[secondClinician].value[x] only Reference(Practitioner or PractitionerRole)

Extension: Supersedes
Id: supersedes
Title: "Supersedes"
Description: "The earlier Consent that no longer speaks, because this one does."
* ^context[0].type = #element
* ^context[0].expression = "Consent"
* value[x] 1..1
* value[x] only Reference(Consent)

Extension: ConsentDecision
Id: consent-decision
Title: "How the decision was made"
Description: "How the person, or their representative (Consent.performer), gave the consent; the person's capacity to decide, by whom and when it was assessed; and by what authority a representative decides."
* ^context[0].type = #element
* ^context[0].expression = "Consent"
* extension contains given 1..1 and capacity 1..1 and assessedBy 0..1 and assessedOn 0..1 and authority 0..1
* extension[given].value[x] 1..1
* extension[given].value[x] only code
* extension[given].valueCode from ConsentGivenVS (required)
* extension[capacity].value[x] 1..1
* extension[capacity].value[x] only code
* extension[capacity].valueCode from CapacityVS (required)
* extension[assessedBy].value[x] 1..1
* extension[assessedBy].value[x] only Reference(Practitioner or PractitionerRole)
* extension[assessedOn].value[x] 1..1
* extension[assessedOn].value[x] only date
* extension[authority].value[x] 1..1
* extension[authority].value[x] only code
* extension[authority].valueCode from RepresentativeAuthorityVS (required)

Extension: ConsentBasis
Id: consent-basis
Title: "Basis other than consent"
Description: "Sharing that rests on no consent of the person: their best interests, or the order of a court. A clinician stands for it, with the reason, the day on which capacity was assessed, and the moment at which it ends. What it permits ends then; a deny of the person is stronger."
* ^context[0].type = #element
* ^context[0].expression = "Consent"
* extension contains kind 1..1 and clinician 1..1 and reason 1..1 and capacityAssessedOn 1..1 and expires 1..1
* extension[kind].value[x] 1..1
* extension[kind].value[x] only code
* extension[kind].valueCode from ConsentBasisVS (required)
* extension[clinician].value[x] 1..1
* extension[clinician].value[x] only Reference(Practitioner or PractitionerRole)
* extension[reason].value[x] 1..1
* extension[reason].value[x] only string
* extension[capacityAssessedOn].value[x] 1..1
* extension[capacityAssessedOn].value[x] only date
* extension[expires].value[x] 1..1
* extension[expires].value[x] only dateTime

Extension: BindsAllPublishers
Id: binds-all-publishers
Title: "Binds all publishers"
Description: "True: the consent speaks of the person's plans of every publisher, not only of the one named."
* ^context[0].type = #element
* ^context[0].expression = "Consent"
* value[x] 1..1
* value[x] only boolean

Extension: Serves
Id: serves
Title: "Serves"
Description: "The service whose address this Endpoint is, or which a Subscription is for."
* ^context[0].type = #element
* ^context[0].expression = "Endpoint"
* ^context[1].type = #element
* ^context[1].expression = "Subscription"
* value[x] 1..1
* value[x] only Reference(HealthcareService)

Extension: Sequence
Id: sequence
Title: "Sequence"
Description: "Ledger epoch and count (`epoch.count`) of what a destination is sent. A destination that honours it refuses a lower one."
* ^context[0].type = #element
* ^context[0].expression = "MessageHeader"
* ^context[1].type = #element
* ^context[1].expression = "CarePlan"
* ^context[2].type = #element
* ^context[2].expression = "DocumentReference"
* value[x] 1..1
* value[x] only string

Extension: Retains
Id: retains
Title: "Retains"
Description: "False: the recipient stores nothing that it reads. Left out means true."
* ^context[0].type = #element
* ^context[0].expression = "HealthcareService"
* value[x] 1..1
* value[x] only boolean

RuleSet: DeclaredContext
* ^context[0].type = #element
* ^context[0].expression = "HealthcareService"
* ^context[1].type = #element
* ^context[1].expression = "Endpoint"

Extension: RefusesLowerSequence
Id: refuses-lower-sequence
Title: "Refuses a lower sequence"
Description: "True: a message of a lower sequence than the last is refused, also after a recall. Left out means false."
* insert DeclaredContext
* value[x] 1..1
* value[x] only boolean

Extension: ReplaceHidesOld
Id: replace-hides-old
Title: "A replacement hides the old"
Description: "False: what a newer document leaves out stays visible, so it is recalled. Left out means true."
* insert DeclaredContext
* value[x] 1..1
* value[x] only boolean

Extension: RecallFormExtension
Id: recall-form
Title: "Recall form"
Description: "How the recipient takes content back."
* insert DeclaredContext
* value[x] 1..1
* value[x] only code
* valueCode from RecallFormVS (required)

Extension: MessageLifetime
Id: message-lifetime
Title: "Message lifetime"
Description: "How long a message once written to the wire may still arrive, and ids are remembered. UCUM ms, s or min."
* insert DeclaredContext
* value[x] 1..1
* value[x] only Duration
* valueDuration.value 1..1
* valueDuration.code 1..1

Extension: ContentFormExtension
Id: content-form
Title: "Content form"
Description: "What an update carries: the FHIR document, text that is read as it stands, or both. Left out means all that the channel can carry."
* insert DeclaredContext
* value[x] 1..1
* value[x] only code
* valueCode from ContentFormVS (required)

Extension: CopiesEndAfter
Id: copies-end-after
Title: "Copies end after"
Description: "After how long what the recipient stored ends there by agreement: its recall form is expires, and nobody asks for it. UCUM ms, s, min, h or d."

Extension: ResponseModeExtension
Id: response-mode
Title: "Response mode"
Description: "How the recipient answers a FHIR message: in the same exchange (sync, also where nothing is said), by R4's async and response-url, or by a new message as BaRS does."
* insert DeclaredContext
* value[x] 1..1
* value[x] only code
* valueCode from ResponseModeVS (required)

Extension: ResponseWithin
Id: response-within
Title: "Response within"
Description: "How long an answer by a message of its own is waited for: 5 minutes where nothing is said. Then a person is told, and the message is sent again. UCUM ms, s or min."
* insert DeclaredContext
* value[x] 1..1
* value[x] only Duration
* valueDuration.value 1..1
* valueDuration.code 1..1

Extension: CollectsWithin
Id: collects-within
Title: "Collects within"
Description: "How long, at most, a message lies in the recipient's MESH mailbox before it is taken out: 30 minutes where nothing is said. Then a person is told that nobody has looked there; nothing is sent again for that. UCUM ms, s, min, h or d."
* insert DeclaredContext
* value[x] 1..1
* value[x] only Duration
* valueDuration.value 1..1
* valueDuration.code 1..1

Extension: ReadBack
Id: read-back
Title: "Read back"
Description: "True: what was put on this FHIR server may be searched for and read again, and is compared with what was sent. Left out means false."
* ^context[0].type = #element
* ^context[0].expression = "Endpoint"
* value[x] 1..1
* value[x] only boolean


Extension: AcknowledgementExtension
Id: acknowledgement
Title: "Acknowledgement"
Description: "What an application acknowledgement (MSA-1, optionally with ERR-3) of this recipient means."
* insert DeclaredContext
* extension contains code 1..1 and error 0..1 and means 1..1
* extension[code].value[x] 1..1
* extension[code].value[x] only code
* extension[code].valueCode from AcknowledgementCodeVS (required)
* extension[error].value[x] 1..1
* extension[error].value[x] only string
* extension[means].value[x] 1..1
* extension[means].value[x] only code
* extension[means].valueCode from AcknowledgementMeaningVS (required)

Extension: MessageRate
Id: message-rate
Title: "Message rate"
Description: "Messages a second that the recipient takes at most, over all its addresses. An address says it where its service does not; of several the slowest counts. Left out means no limit."
* insert DeclaredContext
* value[x] 1..1
* value[x] only decimal

Extension: InFlightLimit
Id: in-flight-limit
Title: "In-flight limit"
Description: "Exchanges that the recipient takes at once at most, over all its addresses. Left out means 16; HL7 v2 and notifications have one, whatever is said here."
* insert DeclaredContext
* value[x] 1..1
* value[x] only positiveInt

Extension: AcknowledgementModeExtension
Id: acknowledgement-mode
Title: "Acknowledgement mode"
Description: "HL7 v2: `original`, one answer a message; `enhanced`, a commit acknowledgement (CA, CE, CR) first and the application's after it. Left out means original."
* insert DeclaredContext
* value[x] 1..1
* value[x] only code
* valueCode from AcknowledgementModeVS (required)

Extension: MessageFormExtension
Id: message-form
Title: "Message form"
Description: "HL7 v2: what this address is sent of a plan. `mdm`, the document; `adt-a31-flag`, that there is a plan and none of its words; or both. Left out means mdm. It stays as it was registered."
* ^context[0].type = #element
* ^context[0].expression = "Endpoint"
* value[x] 1..1
* value[x] only code
* valueCode from MessageFormVS (required)

Extension: ReceivingApplication
Id: receiving-application
Title: "Receiving application"
Description: "HL7 v2: MSH-5 of what this address is sent. Left out means EPR."
* ^context[0].type = #element
* ^context[0].expression = "Endpoint"
* value[x] 1..1
* value[x] only string

Extension: MatchConfirmation
Id: match-confirmation
Title: "Match confirmation"
Description: "Confirms a certain match: presented once, within five minutes, by the caller that it was given to. It says nothing of the person."
* ^context[0].type = #element
* ^context[0].expression = "Bundle.entry.search"
* value[x] 1..1
* value[x] only string

Extension: ApprovalSeal
Id: approval-seal
Title: "Seal of an approval"
Description: "What the broker seals of an approval: the number of the version, when it was approved, the SHA-256 of the canonical bytes that were signed, and the version of the mapping that showed them. The broker's to write."
* ^context[0].type = #element
* ^context[0].expression = "Provenance"
* extension contains number 1..1 and sealedAt 1..1 and bytes 1..1 and mapping 1..1
* extension[number].value[x] 1..1
* extension[number].value[x] only positiveInt
* extension[sealedAt].value[x] 1..1
* extension[sealedAt].value[x] only instant
* extension[bytes].value[x] 1..1
* extension[bytes].value[x] only string
* extension[mapping].value[x] 1..1
* extension[mapping].value[x] only positiveInt

Extension: ApprovalProjection
Id: approval-projection
Title: "Projection that was approved"
Description: "The SHA-256 of the words that one kind of recipient may see of the version, as they were approved. The broker's to write."
* ^context[0].type = #element
* ^context[0].expression = "Provenance"
* extension contains kind 1..1 and hash 1..1
* extension[kind].value[x] 1..1
* extension[kind].value[x] only code
* extension[kind].valueCode from RecipientKindVS (required)
* extension[hash].value[x] 1..1
* extension[hash].value[x] only string

Extension: ApproverClaim
Id: approver-claim
Title: "Verified claim of the approver"
Description: "Who was signed in when the version was approved, as the issuer of their identity signed it and the broker verified it: issuer and subject, registrations and Spine id, role, organisation (ODS), and how sure the issuer is. The broker's to write."
* ^context[0].type = #element
* ^context[0].expression = "Provenance"
* extension contains issuer 1..1 and subject 1..1 and identifier 0..* and role 0..1 and organization 0..1 and identityAssurance 0..1 and authenticationAssurance 0..1
* extension[issuer].value[x] 1..1
* extension[issuer].value[x] only string
* extension[subject].value[x] 1..1
* extension[subject].value[x] only string
* extension[identifier].value[x] 1..1
* extension[identifier].value[x] only Identifier
* extension[role].value[x] 1..1
* extension[role].value[x] only string
* extension[organization].value[x] 1..1
* extension[organization].value[x] only Identifier
* extension[identityAssurance].value[x] 1..1
* extension[identityAssurance].value[x] only string
* extension[authenticationAssurance].value[x] 1..1
* extension[authenticationAssurance].value[x] only string

Extension: ChaseEnd
Id: chase-end
Title: "End of a chase by hand"
Description: "What a signed-in person of the operator's says of what a recipient was asked to give up: that it has, that the law has it kept and by what basis, or that it is used no more; the id under which the recipient knows the plan; and what was checked. The broker's to write."
* ^context[0].type = #element
* ^context[0].expression = "Provenance"
* extension contains level 1..1 and basis 0..1 and disclosure 1..1 and checked 0..1
* extension[level].value[x] 1..1
* extension[level].value[x] only code
* extension[basis].value[x] 1..1
* extension[basis].value[x] only code
* extension[disclosure].value[x] 1..1
* extension[disclosure].value[x] only string
* extension[checked].value[x] 1..1
* extension[checked].value[x] only string

Extension: RefusedTreatment
Id: refused-treatment
Title: "Refused treatment"
Description: "What an advance decision refuses, in the person's words, and when (Mental Capacity Act 2005 s. 24); and, where it refuses life-sustaining treatment, that the person verified it (it applies even if their life is in danger), that it is in writing, when the person signed it, and who witnessed that and when (s. 25(5), (6))."
* ^context[0].type = #element
* ^context[0].expression = "Consent"
* extension contains treatment 1..1 and circumstances 0..1 and lifeSustaining 1..1 and verified 0..1 and inWriting 0..1 and signedOn 0..1 and witness 0..1 and witnessedOn 0..1
* extension[treatment].value[x] 1..1
* extension[treatment].value[x] only string
* extension[circumstances].value[x] 1..1
* extension[circumstances].value[x] only string
* extension[lifeSustaining].value[x] 1..1
* extension[lifeSustaining].value[x] only boolean
* extension[verified].value[x] 1..1
* extension[verified].value[x] only boolean
* extension[inWriting].value[x] 1..1
* extension[inWriting].value[x] only boolean
* extension[signedOn].value[x] 1..1
* extension[signedOn].value[x] only date
* extension[witness].value[x] 1..1
* extension[witness].value[x] only string
* extension[witnessedOn].value[x] 1..1
* extension[witnessedOn].value[x] only date
