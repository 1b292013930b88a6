RuleSet: Declared
* extension[refusesLowerSequence].value[x] 1..1
* extension[replaceHidesOld].value[x] 1..1
* extension[recallForm].value[x] 1..1
* extension[messageLifetime].value[x] 1..1
* extension[messageRate].value[x] 1..1
* extension[inFlightLimit].value[x] 1..1
* extension[contentForm].value[x] 1..1
* extension[copiesEndAfter].value[x] 1..1
* extension[responseMode].value[x] 1..1
* extension[responseWithin].value[x] 1..1
* extension[collectsWithin].value[x] 1..1
* extension[acknowledgement].extension[code].value[x] 1..1
* extension[acknowledgement].extension[error].value[x] 1..1
* extension[acknowledgement].extension[means].value[x] 1..1
* extension[acknowledgementMode].value[x] 1..1

Profile: RecipientService
Parent: HealthcareService
Id: recipient-service
Title: "Recipient"
Description: "A service of an organisation that may hold plans: its kind, its areas, and what it declares of how it takes messages."
* extension contains Retains named retains 0..1 and RefusesLowerSequence named refusesLowerSequence 0..1 and ReplaceHidesOld named replaceHidesOld 0..1 and RecallFormExtension named recallForm 0..1 and MessageLifetime named messageLifetime 0..1 and MessageRate named messageRate 0..1 and InFlightLimit named inFlightLimit 0..1 and AcknowledgementExtension named acknowledgement 0..* and ContentFormExtension named contentForm 0..1 and CopiesEndAfter named copiesEndAfter 0..1 and AcknowledgementModeExtension named acknowledgementMode 0..1 and ResponseModeExtension named responseMode 0..1 and ResponseWithin named responseWithin 0..1 and CollectsWithin named collectsWithin 0..1
* extension[retains].value[x] 1..1
* insert Declared
* providedBy 1..1
* providedBy only Reference(Organization)
* type 1..1
* type from RecipientKindVS (required)

Profile: DestinationEndpoint
Parent: Endpoint
Id: destination-endpoint
Title: "Address of a recipient"
Description: "One address. What it declares wins over what its service declares."
* extension contains Serves named serves 1..1 and RefusesLowerSequence named refusesLowerSequence 0..1 and ReplaceHidesOld named replaceHidesOld 0..1 and RecallFormExtension named recallForm 0..1 and MessageLifetime named messageLifetime 0..1 and MessageRate named messageRate 0..1 and InFlightLimit named inFlightLimit 0..1 and AcknowledgementExtension named acknowledgement 0..* and ContentFormExtension named contentForm 0..1 and CopiesEndAfter named copiesEndAfter 0..1 and AcknowledgementModeExtension named acknowledgementMode 0..1 and MessageFormExtension named messageForm 0..1 and ReceivingApplication named receivingApplication 0..1 and ReadBack named readBack 0..1 and ResponseModeExtension named responseMode 0..1 and ResponseWithin named responseWithin 0..1 and CollectsWithin named collectsWithin 0..1
* extension[messageForm].value[x] 1..1
* extension[receivingApplication].value[x] 1..1
* extension[serves].value[x] 1..1
* extension[readBack].value[x] 1..1
* insert Declared
* connectionType from DestinationConnectionVS (required)
* managingOrganization 1..1
* period 0..0

Invariant: subscription-payload
Description: "Notifications are application/fhir+json"
Severity: #error
Expression: "payload = 'application/fhir+json'"

Profile: PlanSubscription
Parent: Subscription
Id: plan-subscription
Title: "Subscription to plan changes"
Description: "R4 backport: criteria is the topic; how much a notification carries is the backport-payload-content extension of channel.payload."
* extension contains Serves named serves 0..1
* channel.payload 1..1
* channel obeys subscription-payload
