/**
 * The letters of a scope that each route needs on its type, written by hand from SMART App Launch 2 (Scopes for requesting FHIR resources):
 * create, read, update, delete, search; a condition is a search besides, and an
 * update of what is not there a creation. `any` is any letter. A token without one of them is answered 403, and
 * 405 where the type does not offer the route.
 */
export const LETTERS = `
GET                   s
POST _search          s
GET _history          s
POST $match           s
GET $list             s
POST $evaluate        r
POST $emergency-access r
GET id                r
GET id/_history       r
GET id/_history/1     r
GET id/$everything    r
POST id/$everything   r
GET id/$document      r
GET id/$emergency-access r
POST id/$emergency-access r
POST                  c
PUT                   us
PUT that creates      cus
PUT id                u
PATCH                 us
PATCH id              u
GET id/$projections   r
GET id/$sharing       r
GET id/$access-log    r
GET id/$explain       r
GET id/$print         r
POST id/$preview-release r
POST id/$submit-for-review u
POST id/$comment      u
GET id/$changes       r
POST id/$approve      u
POST id/$withdraw     u
POST id/$replay       u
POST id/$move         u
GET $status           r
POST $status          r
GET id/$status        r
POST id/$status       r
GET id/$events        r
POST id/$events       r
POST id/$rotate-secret u
GET $get-ws-binding-token r
POST $get-ws-binding-token r
GET id/$get-ws-binding-token r
POST id/$get-ws-binding-token r
POST id/$rotate-credential u
POST id/$resend       u
POST id/$report-reuse u
POST id/$check        u
POST id/$raise-concern u
POST id/$refuse-sharing u
GET id/$ending-progress r
GET id/$ending-proof  r
POST id/$pause        u
POST id/$resume       u
POST id/$end-chase    u
DELETE                ds
DELETE id             d
POST $validate        any
POST id/$validate     any
GET id/$validate      any
`;
