/**
 * Who is answered what about people and their plans. Written by hand from what each kind is for: a publisher sees its own people, a recipient
 * only disclosures, an operator no plan text, an evaluator no identifiers. How it is read: `read-answers.ts`.
 */
export const PEOPLE = `
Patient                publisher       epr             ed              ambulance       police          crisis-line     evaluator operator person
GET                    200+/200-/200-  200-/200-/200+  200-/200-/200+  200-/200-/200+  200-/200-/200+  200-/200-/200+  403       403      200+/200-
POST _search           200+/200-/200-  200-/200-/200+  200-/200-/200+  200-/200-/200+  200-/200-/200+  200-/200-/200+  403       403      200+/200-
GET _history           200+/200-/200-  403             403             403             403             403             403       403      403
GET id                 200/404/200     404/404/200     404/404/200     404/404/200     404/404/200     404/404/200     403       403      403
GET id/_history        200/404/404     403             403             403             403             403             403       403      403
GET id/_history/1      200/404/404     403             403             403             403             403             403       403      403
POST $validate         200             403             403             403             403             403             403       403      403
POST id/$validate      200/404/404     403             403             403             403             403             403       403      403
GET id/$validate       200/404/404     403             403             403             403             403             403       403      403
POST $match            200+/200-/200-  200-/200-/200+  200-/200-/200+  200-/200-/200+  200-/200-/200+  200-/200-/200+  403       403      403
POST $emergency-access   403           200             200             200             403             200             403       403      403
GET id/$emergency-access  403          200             200             200             403             200             403       403      403
POST id/$emergency-access 403          200             200             200             403             200             403       403      403
GET id/$sharing        200/404/404     403             403             403             403             403             403       403      200/404
GET id/$access-log     200/404/404     403             403             403             403             403             403       403      200/404
POST id/$raise-concern  403            403             403             403             403             403             403       403      200/404
POST id/$refuse-sharing 403            403             403             403             403             403             403       403      200/404
GET id/$everything     200/404/404     404/404/404     404/404/404     404/404/404     404/404/404     404/404/404     403       403      403
POST id/$everything    200/404/404     404/404/404     404/404/404     404/404/404     404/404/404     404/404/404     403       403      403
POST                   201             403             403             403             403             403             403       403      403
PUT                    200/201         403             403             403             403             403             403       403      403
PUT id                 200/404/-       403             403             403             403             403             403       403      403
PATCH                  200/404         403             403             403             403             403             403       403      403
PATCH id               200/404/404     403             403             403             403             403             403       403      403
DELETE                 405
DELETE id              405

RelatedPerson Practitioner PractitionerRole CareTeam EpisodeOfCare DocumentReference Communication QuestionnaireResponse Group
                       publisher       epr             ed              ambulance       police          crisis-line     evaluator operator person
GET                    200+/200-       403             403             403             403             403             403       403      403
POST _search           200+/200-       403             403             403             403             403             403       403      403
GET _history           200+/200-       403             403             403             403             403             403       403      403
GET id                 200/404         403             403             403             403             403             403       403      403
GET id/_history        200/404         403             403             403             403             403             403       403      403
GET id/_history/1      200/404         403             403             403             403             403             403       403      403
POST $validate         200             403             403             403             403             403             403       403      403
POST id/$validate      200/404         403             403             403             403             403             403       403      403
GET id/$validate       200/404         403             403             403             403             403             403       403      403
POST                   201             403             403             403             403             403             403       403      403
PUT                    200/201         403             403             403             403             403             403       403      403
PUT id                 200/404         403             403             403             403             403             403       403      403
PATCH                  200/404         403             403             403             403             403             403       403      403
PATCH id               200/404         403             403             403             403             403             403       403      403
DELETE                 204             403             403             403             403             403             403       403      403
DELETE id              204/404         403             403             403             403             403             403       403      403

CarePlan               publisher       epr             ed              ambulance       police          crisis-line     evaluator operator person
GET                    200+/200-/200-  200-/200-/200+  200-/200-/200+  200-/200-/200+  200-/200-/200+  200-/200-/200+  403       403      200+/200-
POST _search           200+/200-/200-  200-/200-/200+  200-/200-/200+  200-/200-/200+  200-/200-/200+  200-/200-/200+  403       403      200+/200-
GET _history           200+/200-/200-  403             403             403             403             403             403       403      403
GET id                 200/404/200     404/404/200     404/404/200     404/404/200     404/404/200     404/404/200     403       403      200/404
GET id/_history        200/404/404     403             403             403             403             403             403       403      403
GET id/_history/1      200/404/404     403             403             403             403             403             403       403      403
POST $validate         200             403             403             403             403             403             403       403      403
POST id/$validate      200/404/404     403             403             403             403             403             403       403      403
GET id/$validate       200/404/404     403             403             403             403             403             403       403      403
POST                   201/422         403             403             403             403             403             403       403      403
PUT                    200/422         403             403             403             403             403             403       403      403
PUT id                 200/404/-       403             403             403             403             403             403       403      403
PATCH                  200/404         403             403             403             403             403             403       403      403
PATCH id               200/404/404     403             403             403             403             403             403       403      403
DELETE                 204             403             403             403             403             403             403       403      403
DELETE id              204/404/404     403             403             403             403             403             403       403      403
GET id/$explain        200/404/404     403             403             403             403             403             403       403      200/404
GET id/$print          200/404/404     403             403             403             403             403             403       403      200/404
POST id/$preview-release 200/404/404   403             403             403             403             403             403       403      403
GET id/$projections    200/404/404     403             403             403             403             403             403       403      403
POST id/$submit-for-review 200/404/404 403             403             403             403             403             403       403      403
POST id/$comment       200/404/404     403             403             403             403             403             403       403      403
GET id/$changes        200/404/404     403             403             403             403             403             403       403      403
POST id/$approve       200/404/404     403             403             403             403             403             403       403      403
POST id/$withdraw      200/404/404     403             403             403             403             403             403       403      403

Composition            publisher       epr             ed              ambulance       police          crisis-line     evaluator operator person
GET                    200+/200-/200-  200-/200-/200+  200-/200-/200+  200-/200-/200+  200-/200-/200+  200-/200-/200+  403       403      403
POST _search           200+/200-/200-  200-/200-/200+  200-/200-/200+  200-/200-/200+  200-/200-/200+  200-/200-/200+  403       403      403
GET _history           200+/200-/200-  403             403             403             403             403             403       403      403
GET id                 200/404/200     404/404/200     404/404/200     404/404/200     404/404/200     404/404/200     403       403      200/404
GET id/_history        200/404/404     403             403             403             403             403             403       403      403
GET id/_history/1      200/404/404     403             403             403             403             403             403       403      403
GET id/$document       404/404/200     404/404/200     404/404/200     404/404/200     404/404/200     404/404/200     403       403      403
POST $validate         200             403             403             403             403             403             403       403      403
POST id/$validate      200/404/404     403             403             403             403             403             403       403      403
GET id/$validate       200/404/404     403             403             403             403             403             403       403      403
POST                   201             403             403             403             403             403             403       403      403
PUT                    200/201         403             403             403             403             403             403       403      403
PUT id                 200/404/-       403             403             403             403             403             403       403      403
PATCH                  200/404         403             403             403             403             403             403       403      403
PATCH id               200/404/404     403             403             403             403             403             403       403      403
DELETE                 204             403             403             403             403             403             403       403      403
DELETE id              204/404/404     403             403             403             403             403             403       403      403

Flag                   publisher       epr             ed              ambulance       police          crisis-line     evaluator operator person
GET                    200-/200-/200+  200-/200-/200+  200-/200-/200+  200-/200-/200+  200-/200-/200+  200-/200-/200+  403       403      403
POST _search           200-/200-/200+  200-/200-/200+  200-/200-/200+  200-/200-/200+  200-/200-/200+  200-/200-/200+  403       403      403
GET id                 404/404/200     404/404/200     404/404/200     404/404/200     404/404/200     404/404/200     403       403      403
GET _history           405
GET id/_history        405
GET id/_history/1      405
POST $validate         405
POST id/$validate      405
GET id/$validate       405
POST                   405
PUT                    405
PUT id                 405
PATCH                  405
PATCH id               405
DELETE                 405
DELETE id              405

Consent                publisher       epr             ed              ambulance       police          crisis-line     evaluator operator person
GET                    200+/200-       403             403             403             403             403             403       403      403
POST _search           200+/200-       403             403             403             403             403             403       403      403
GET _history           200+/200-       403             403             403             403             403             403       403      403
GET id                 200/404         403             403             403             403             403             403       403      403
GET id/_history        200/404         403             403             403             403             403             403       403      403
GET id/_history/1      200/404         403             403             403             403             403             403       403      403
POST $evaluate         200
POST $validate         200             403             403             403             403             403             403       403      403
POST id/$validate      200/404         403             403             403             403             403             403       403      403
GET id/$validate       200/404         403             403             403             403             403             403       403      403
POST                   201/422         403             403             403             403             403             403       403      403
PUT                    200/422         403             403             403             403             403             403       403      403
PUT id                 200/404         403             403             403             403             403             403       403      403
PATCH                  200/404         403             403             403             403             403             403       403      403
PATCH id               200/404         403             403             403             403             403             403       403      403
DELETE                 405
DELETE id              405

Provenance             publisher       epr             ed              ambulance       police          crisis-line     evaluator operator person
GET                    200+/200-       403             403             403             403             403             403       403      403
POST _search           200+/200-       403             403             403             403             403             403       403      403
GET _history           200+/200-       403             403             403             403             403             403       403      403
GET id                 200/404         403             403             403             403             403             403       403      403
GET id/_history        200/404         403             403             403             403             403             403       403      403
GET id/_history/1      200/404         403             403             403             403             403             403       403      403
POST $validate         200             403             403             403             403             403             403       403      403
POST id/$validate      200/404         403             403             403             403             403             403       403      403
GET id/$validate       200/404         403             403             403             403             403             403       403      403
POST                   201             403             403             403             403             403             403       403      403
PUT                    200/201         403             403             403             403             403             403       403      403
PUT id                 200/404         403             403             403             403             403             403       403      403
PATCH                  200/404         403             403             403             403             403             403       403      403
PATCH id               200/404         403             403             403             403             403             403       403      403
DELETE                 405
DELETE id              405
`;
