/**
 * Who is answered what at the doors beside FHIR's own: the card, and pointers as at the NRL with what they point to. The second column has the
 * scopes that are needed, all of them; `-`: none. `a/b`: nobody discloses anything to who asks, or Beryl's plan is disclosed to it. `+` and `-` say whether
 * anything of hers is in the answer. A stranger is answered 401 everywhere. `:id` stands for the id under which her plan is disclosed to that kind of the
 * other organisation, and `:pointer` for that of a pointer that was published.
 */
export const DOORS = `
                                                           scopes               publisher  epr        ed         ambulance  police     crisis-line evaluator operator person
GET /cds-services                                          -                    200        200        200        200        200        200         200       200      200
POST /cds-services/crisis-plan                             Flag.r,Composition.r 200-/200+  200-/200+  200-/200+  200-/200+  200-/200+  200-/200+   403       403      403
GET /nrl/consumer/FHIR/R4/DocumentReference                DocumentReference.s  403        200-/200+  200-/200+  200-/200+  403        200-/200+   403       403      403
POST /nrl/consumer/FHIR/R4/DocumentReference/_search       DocumentReference.s  403        200-/200+  200-/200+  200-/200+  403        200-/200+   403       403      403
GET /nrl/consumer/FHIR/R4/DocumentReference/ZZ1-:id        DocumentReference.r  403        404/200+   404/200+   404/200+   403        404/200+    403       403      403
GET /nrl/content/:id/plan                                  DocumentReference.r  403        404/200    404/200    404/200    403        404/200     403       403      403
GET /nrl/content/:id/contact                               DocumentReference.r  403        404/200    404/200    404/200    403        404/200     403       403      403
GET /nrl/content/pointer/:pointer/plan                     DocumentReference.r  403        404/200    404/200    404/200    403        404/200     403       403      403
GET /nrl/content/pointer/:pointer/contact                  DocumentReference.r  403        404/200    404/200    404/200    403        404/200     403       403      403
`;
