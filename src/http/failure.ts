import { CATEGORY_TABLE } from '../../mappings/outcome/category-table.ts';
import { toOperationOutcome } from '../../mappings/outcome/to-operation-outcome.ts';
import { Line } from '../log.ts';
import { Anomaly } from '../model/anomaly.ts';
import type { Answer, Door, Exchange } from './exchange.ts';
import { Refusal } from './refusal.ts';

/** Codes of a connection that is lost or not to be had: of the system, and of PostgreSQL (classes 08, 53 and 57P). */
const UNREACHABLE = /^(?:ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|08...|53...|57P..)$/;

/** What pg says, without a code, of a connection that it does not get, has lost, or is asked to go on with after that. */
const LOST = /^(?:timeout exceeded when trying to connect|Connection terminated|Client (?:has encountered a connection error|was closed))/;

const isUnreachable = (error: unknown): boolean => {
  // Not by its class: an error of the system is of another realm where this runs in one of its own.
  if (typeof error !== 'object' || error === null) return false;
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return (typeof code === 'string' && UNREACHABLE.test(code)) || (typeof message === 'string' && LOST.test(message));
};

const statusOf = (anomaly: Anomaly): number => (anomaly instanceof Refusal ? anomaly.status : CATEGORY_TABLE[anomaly.category].status);

// A fault that was foreseen is as much the broker's own as one that was not: its words stay inside.
const isTheirs = (error: unknown): error is Anomaly => error instanceof Anomaly && error.category !== 'fault';

/**
 * The one place that decides what a stranger sees of a failure. An Anomaly says what is wrong and where; everything else is the broker's own
 * fault: a line in the log under an id, and nothing of the request in the answer.
 */
export const toFailure = (error: unknown, exchange: Exchange, door: Pick<Door, 'log' | 'newId' | 'config'>): Answer => {
  const system = door.config.errorCodeSystem;
  if (isTheirs(error)) {
    const retry: Record<string, string> = CATEGORY_TABLE[error.category].retry ? { 'Retry-After': '2' } : {};
    const status = statusOf(error);
    return {
      status,
      headers: error instanceof Refusal ? error.headers : retry,
      body: toOperationOutcome(error, { system, status }),
    };
  }
  const faultId = door.newId();
  const route = exchange.route?.label ?? 'none';
  door.log(Line.requestFailed, { requestId: exchange.requestId, name: faultId, interaction: route, fault: error });
  const category = isUnreachable(error) ? 'unavailable' : 'fault';
  const { status } = CATEGORY_TABLE[category];
  const help = `the broker failed, and what you sent did not cause it; its log says more under ${faultId}`;
  return {
    status,
    headers: { 'Retry-After': '2' },
    body: toOperationOutcome({ category, issues: [{ at: null, help }] }, { system, status }),
  };
};
