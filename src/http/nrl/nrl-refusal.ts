import type { OperationOutcome } from '@medplum/fhirtypes';
import { toNrlOutcome } from '../../../mappings/nrl/to-nrl-outcome.ts';
import type { Answer, Door, Exchange } from '../exchange.ts';
import { toFailure } from '../failure.ts';
import { Refusal } from '../refusal.ts';
import type { NrlSite } from './nrl-site.ts';

type IssueType = OperationOutcome['issue'][number]['code'];

/** A failure to which the NRL gives a code of its own. */
export class NrlRefusal extends Refusal {
  readonly nrl: { readonly code: string; readonly issue: IssueType };

  constructor(status: 400 | 404, code: string, issue: IssueType, at: string | null, help: string) {
    super(status, status === 404 ? 'not-found' : 'malformed', { at, help });
    this.nrl = { code, issue };
  }
}

/** A parameter that is missing, not known, or cannot be read. The value never stands in the answer. */
export const invalidParameter = (name: string, help: string): NrlRefusal =>
  new NrlRefusal(400, 'INVALID_PARAMETER', 'invalid', `http.${name}`, help);

/** What is not there for this caller: the same whether it exists or not (I6). */
export const noRecord = (): NrlRefusal => new NrlRefusal(404, 'NO_RECORD_FOUND', 'not-found', null, 'there is no such record here');

/** The NRL's code and issue type of each status of the door (nhs.md section 1); what it has no code for is a bad request. */
const BY_STATUS: Readonly<Record<number, readonly [string, IssueType]>> = {
  400: ['BAD_REQUEST', 'invalid'],
  401: ['ACCESS_DENIED', 'forbidden'],
  403: ['ACCESS_DENIED', 'forbidden'],
  404: ['RESOURCE_NOT_FOUND', 'not-found'],
  405: ['BAD_REQUEST', 'not-supported'],
  406: ['BAD_REQUEST', 'not-supported'],
  413: ['BAD_REQUEST', 'too-long'],
  414: ['BAD_REQUEST', 'too-long'],
  415: ['BAD_REQUEST', 'not-supported'],
  422: ['UNPROCESSABLE_ENTITY', 'invalid'],
  429: ['TOO_MANY_REQUESTS', 'throttled'],
};

/** A failure as the NRL tells of it: what failed is decided, and logged, as at the FHIR door. */
export const toNrlFailure = (error: unknown, exchange: Exchange, door: Door, site: NrlSite): Answer => {
  const answer = toFailure(error, exchange, door);
  const [issue] = answer.body !== null && 'issue' in answer.body ? answer.body.issue : [];
  const byStatus = BY_STATUS[answer.status] ?? (['INTERNAL_SERVER_ERROR', 'exception'] as const);
  const [code, type] = error instanceof NrlRefusal ? [error.nrl.code, error.nrl.issue] : byStatus;
  const body = toNrlOutcome({
    system: site.errorCodeSystem,
    code,
    issue: answer.status === 503 ? 'transient' : type,
    help: issue?.details?.text ?? code,
    at: issue?.expression?.[0] ?? null,
  });
  return { ...answer, body };
};
