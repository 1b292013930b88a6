import type { Act } from './act/act.ts';
import { endingProgress, endingProof, reportReuse } from './act/agreement.ts';
import { readAuditEvent, searchAuditEvents } from './act/audit.ts';
import { bundle } from './act/bundle.ts';
import { check } from './act/check.ts';
import { capabilities, conformanceRead, conformanceSearch } from './act/conformance.ts';
import { emergencyAccess } from './act/emergency.ts';
import { move, rotateCredential } from './act/change-endpoint.ts';
import { rotateSubscriptionSecret } from './act/subscription-secret.ts';
import { endChase } from './act/end-chase.ts';
import { evaluateConsents } from './act/evaluate.ts';
import { everything } from './act/everything.ts';
import { accessLog, raiseConcern, refuseSharing } from './act/self.ts';
import { flagList } from './act/flag-list.ts';
import { explain } from './act/explain.ts';
import { historyOfInstance, historyOfType } from './act/history.ts';
import { match } from './act/match.ts';
import { live, metrics, ready } from './act/open.ts';
import { approve, document, projections, withdraw } from './act/operations.ts';
import { pause, resume } from './act/pause.ts';
import { print } from './act/print.ts';
import { processMessage } from './act/process-message.ts';
import { replay } from './act/replay.ts';
import { read, vread } from './act/read.ts';
import { resendEvents, subscriptionEvents } from './act/subscription-events.ts';
import { subscriptionStatus } from './act/subscription-status.ts';
import { websocketToken } from './act/websocket-token.ts';
import { search } from './act/search.ts';
import { changes, comment, submitForReview } from './act/review.ts';
import { previewRelease, sharing } from './act/sharing.ts';
import { validate } from './act/validate.ts';
import { create, patch, remove, update } from './act/write.ts';
import { routeOf } from './exchange.ts';
import type { Route } from './routes.ts';

/** AuditEvents are made from the trail, and stored nowhere else. */
const orTrail =
  (ofTrail: Act, ofOthers: Act): Act =>
  (exchange, door) =>
    (routeOf(exchange).type === 'AuditEvent' ? ofTrail : ofOthers)(exchange, door);

/** What each interaction does. */
export const ACTS: Readonly<Record<Route['interaction'], Act>> = {
  live,
  ready,
  metrics,
  capabilities,
  'conformance-read': conformanceRead,
  'conformance-search': conformanceSearch,
  read: orTrail(readAuditEvent, read),
  vread,
  'history-instance': historyOfInstance,
  'history-type': historyOfType,
  search: orTrail(searchAuditEvents, search),
  create,
  update,
  patch,
  bundle,
  delete: remove,
  validate,
  document,
  projections,
  approve,
  withdraw,
  match,
  list: flagList,
  everything,
  evaluate: evaluateConsents,
  'emergency-access': emergencyAccess,
  sharing,
  'access-log': accessLog,
  'raise-concern': raiseConcern,
  'refuse-sharing': refuseSharing,
  explain,
  print,
  'preview-release': previewRelease,
  'submit-for-review': submitForReview,
  comment,
  changes,
  'report-reuse': reportReuse,
  'ending-progress': endingProgress,
  'ending-proof': endingProof,
  pause,
  resume,
  check,
  'end-chase': endChase,
  'process-message': processMessage,
  replay,
  move,
  'rotate-credential': rotateCredential,
  'rotate-secret': rotateSubscriptionSecret,
  'get-ws-binding-token': websocketToken,
  status: subscriptionStatus,
  events: subscriptionEvents,
  resend: resendEvents,
};
