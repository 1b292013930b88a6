import { Anomaly } from '../model/anomaly.ts';
import type { Category, Issue } from '../model/anomaly.ts';

/** Statuses that no category has. */
type RefusalStatus = 400 | 401 | 404 | 405 | 406 | 414 | 415 | 429;

/** A failure that only HTTP knows: its status is finer than its category's (RFC 9110: 401 with a challenge, 404 for an unknown type, 405, 406, 414, 415), or says for how long (429). */
export class Refusal extends Anomaly {
  readonly status: RefusalStatus;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: RefusalStatus, category: Category, issue: Issue, headers: Readonly<Record<string, string>> = {}) {
    super(category, issue);
    this.status = status;
    this.headers = headers;
  }
}

/** What is not there for this caller: the same words whether it exists or not (I6). */
export const notFound = (): Anomaly => new Anomaly('not-found', { at: null, help: 'there is no such resource here' });

/** A search parameter or header that cannot be read: 400, with its name as R4 writes it (`http.` and the name). */
export const badParameter = (name: string, help: string): Anomaly => new Anomaly('malformed', { at: `http.${name}`, code: 'value', help });
