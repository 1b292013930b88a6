/** Who is answered what about contacts, Tasks, reports and the trail. How it is read: `read-answers.ts`. */
export const WORK = `
Encounter              publisher  epr        ed         ambulance  police     crisis-line evaluator operator  person
GET                    200+/200-  200+/200-  200+/200-  200+/200-  200+/200-  200+/200-   403       403       403
POST _search           200+/200-  200+/200-  200+/200-  200+/200-  200+/200-  200+/200-   403       403       403
GET _history           200+/200-  200+/200-  200+/200-  200+/200-  200+/200-  200+/200-   403       403       403
GET id                 200/404    200/404    200/404    200/404    200/404    200/404     403       403       403
GET id/_history        200/404    200/404    200/404    200/404    200/404    200/404     403       403       403
GET id/_history/1      200/404    200/404    200/404    200/404    200/404    200/404     403       403       403
POST $validate         200        200        200        200        200        200         403       403       403
POST id/$validate      200/404    200/404    200/404    200/404    200/404    200/404     403       403       403
GET id/$validate       200/404    200/404    200/404    200/404    200/404    200/404     403       403       403
POST                   201        201        201        201        201        201         403       403       403
PUT                    200/201    200/201    200/201    200/201    200/201    200/201     403       403       403
PUT id                 200/404    200/404    200/404    200/404    200/404    200/404     403       403       403
PATCH                  200/404    200/404    200/404    200/404    200/404    200/404     403       403       403
PATCH id               200/404    200/404    200/404    200/404    200/404    200/404     403       403       403
DELETE                 405
DELETE id              405

Task                   publisher  epr        ed         ambulance  police     crisis-line evaluator operator  person
GET                    200+/200-  200+/200-  200+/200-  200+/200-  200+/200-  200+/200-   403       200+/200- 200-/200-
POST _search           200+/200-  200+/200-  200+/200-  200+/200-  200+/200-  200+/200-   403       200+/200- 200-/200-
GET id                 200/404    200/404    200/404    200/404    200/404    200/404     403       200/404   404
PUT                    200/404    200/404    200/404    200/404    200/404    200/404     403       200/404   403
PUT id                 200/404    200/404    200/404    200/404    200/404    200/404     403       200/404   403
PATCH                  200/404    200/404    200/404    200/404    200/404    200/404     403       200/404   403
PATCH id               200/404    200/404    200/404    200/404    200/404    200/404     403       200/404   403
GET _history           405
GET id/_history        405
GET id/_history/1      405
POST $validate         405
POST id/$validate      405
GET id/$validate       405
POST                   405
DELETE                 405
DELETE id              405

MeasureReport          publisher  epr        ed         ambulance  police     crisis-line evaluator operator  person
GET                    200+/200-  403        403        403        403        403         200+/200- 403       403
POST _search           200+/200-  403        403        403        403        403         200+/200- 403       403
GET _history           200+/200-  403        403        403        403        403         200+/200- 403       403
GET id                 200/404    403        403        403        403        403         200/404   403       403
GET id/_history        200/404    403        403        403        403        403         200/404   403       403
GET id/_history/1      200/404    403        403        403        403        403         200/404   403       403
POST $validate         200        403        403        403        403        403         200       403       403
POST id/$validate      200/404    403        403        403        403        403         200/404   403       403
GET id/$validate       200/404    403        403        403        403        403         200/404   403       403
POST                   201        403        403        403        403        403         201       403       403
PUT                    200/201    403        403        403        403        403         200/201   403       403
PUT id                 200/404    403        403        403        403        403         200/404   403       403
PATCH                  200/404    403        403        403        403        403         200/404   403       403
PATCH id               200/404    403        403        403        403        403         200/404   403       403
DELETE                 204        403        403        403        403        403         204       403       403
DELETE id              204/404    403        403        403        403        403         204/404   403       403

AuditEvent             publisher  epr        ed         ambulance  police     crisis-line evaluator operator  person
GET                    200+/200-  403        403        403        403        403         403       200+      403
POST _search           200+/200-  403        403        403        403        403         403       200+      403
GET id                 200/404    403        403        403        403        403         403       200       403
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
`;
