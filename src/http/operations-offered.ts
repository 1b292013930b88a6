import { BASE } from '../../profiles/canonicals.ts';
import type { Interaction } from '../../profiles/resource-types.ts';

const BACKPORT = 'http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition';
const HL7 = 'http://hl7.org/fhir/OperationDefinition';

/** Canonical of each operation's definition: HL7's own where R4 has one, the broker's otherwise. Interactions without one are no operations. */
export const OPERATIONS: Readonly<Partial<Record<Interaction | 'process-message', string>>> = {
  validate: `${HL7}/Resource-validate`,
  document: `${HL7}/Composition-document`,
  match: `${HL7}/Patient-match`,
  everything: `${HL7}/Patient-everything`,
  'process-message': `${HL7}/MessageHeader-process-message`,
  status: `${BACKPORT}/backport-subscription-status`,
  events: `${BACKPORT}/backport-subscription-events`,
  'get-ws-binding-token': `${BACKPORT}/backport-subscription-get-ws-binding-token`,
  resend: `${BASE}/OperationDefinition/resend`,
  projections: `${BASE}/OperationDefinition/projections`,
  approve: `${BASE}/OperationDefinition/approve`,
  'emergency-access': `${BASE}/OperationDefinition/emergency-access`,
  list: `${BASE}/OperationDefinition/list`,
  sharing: `${BASE}/OperationDefinition/sharing`,
  'access-log': `${BASE}/OperationDefinition/access-log`,
  'raise-concern': `${BASE}/OperationDefinition/raise-concern`,
  'refuse-sharing': `${BASE}/OperationDefinition/refuse-sharing`,
  explain: `${BASE}/OperationDefinition/explain`,
  print: `${BASE}/OperationDefinition/print`,
  'preview-release': `${BASE}/OperationDefinition/preview-release`,
  'submit-for-review': `${BASE}/OperationDefinition/submit-for-review`,
  comment: `${BASE}/OperationDefinition/comment`,
  changes: `${BASE}/OperationDefinition/changes`,
  'report-reuse': `${BASE}/OperationDefinition/report-reuse`,
  'ending-progress': `${BASE}/OperationDefinition/ending-progress`,
  'ending-proof': `${BASE}/OperationDefinition/ending-proof`,
  pause: `${BASE}/OperationDefinition/pause`,
  resume: `${BASE}/OperationDefinition/resume`,
  'end-chase': `${BASE}/OperationDefinition/end-chase`,
  evaluate: `${BASE}/OperationDefinition/evaluate`,
  check: `${BASE}/OperationDefinition/check`,
  'rotate-secret': `${BASE}/OperationDefinition/rotate-secret`,
  move: `${BASE}/OperationDefinition/move`,
  'rotate-credential': `${BASE}/OperationDefinition/rotate-credential`,
  replay: `${BASE}/OperationDefinition/replay`,
  withdraw: `${BASE}/OperationDefinition/withdraw`,
};
