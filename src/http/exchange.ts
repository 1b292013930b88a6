import type { IncomingHttpHeaders } from 'node:http';
import type { OperationOutcome, Resource } from '@medplum/fhirtypes';
import type { Registry } from 'prom-client';
import type { Log } from '../log.ts';
import type { Issue } from '../model/anomaly.ts';
import type { Client } from '../model/client.ts';
import type { Instant } from '../model/instant.ts';
import type { Principal } from '../model/principal.ts';
import type { UserIdentity } from '../model/user-identity.ts';
import type { AccessStore } from '../store/access/access.ts';
import type { AnswerReceived } from '../store/receive-answer.ts';
import type { DoorStore } from '../store/door.ts';
import type { ValidateOptions } from '../validate/validate.ts';
import type { AddressGuard } from '../channel/address-guard.ts';
import type { Site } from './access/own-origin.ts';
import type { TokenCheck } from './access/token-check.ts';
import type { FetchKeys } from './access/token-provider.ts';
import type { VerifyPerson, VerifyUser } from './access/user-identity.ts';
import type { UserIssuer } from './access/user-issuers.ts';
import type { RateLimit } from './access/rate-limit.ts';
import type { Conformance } from './conformance.ts';
import type { NrlSite } from './nrl/nrl-site.ts';
import type { Confirmations } from './match/confirmations.ts';
import type { JsonPatch } from './read/json-patch.ts';
import type { PageTokens } from './search/page-token.ts';
import type { Reach } from './policy.ts';
import type { Matched } from './routes.ts';

/** What the FHIR door is told about where it stands. */
export interface HttpConfig extends Site {
  readonly operatorOds: string;
  /** CIDRs to which plain `http:` and `mllp:` addresses may be registered. */
  readonly outboundAllow: readonly string[];
  /** Whether an Endpoint becomes active only after its check; left out: no. */
  readonly requireCheck?: boolean;
  /** Set where the broker has a MESH mailbox of its own; left out or null: none. */
  readonly mesh?: object | null;
  /** Whether events of plans may be told (`EVENT_SIGNAL`); left out: no. */
  readonly eventSignal?: boolean;
  /** Code system of the NHS codes in each error. */
  readonly errorCodeSystem: string;
  /** What the sources of the NRL leave open; left out: as its specification of 2026 has it. */
  readonly nrl?: NrlSite;
}

/** What the door is made of. */
export interface AppParts {
  readonly store: DoorStore;
  readonly access: AccessStore;
  /** Fetches the keys of a client that says where they are; no other address than the guard permits. */
  readonly fetchKeys: FetchKeys;
  /** Issuers whose identities of users are believed. */
  readonly userIssuers: readonly UserIssuer[];
  readonly config: HttpConfig;
  readonly metrics: Registry;
  /** What is wrong with a resource: it may be taken where there is no error. */
  readonly validate: (resource: unknown, options?: ValidateOptions) => readonly Issue[];
  readonly log: Log;
  readonly newId: () => string;
  readonly now?: () => Instant;
  /** How often who may ask; without it there is no limit. */
  readonly rateLimit?: RateLimit;
}

/** The parts as the steps see them. */
export interface Door extends Omit<AppParts, 'now' | 'metrics' | 'access' | 'fetchKeys' | 'userIssuers'> {
  readonly now: () => Instant;
  readonly check: TokenCheck;
  readonly verifyUser: VerifyUser;
  readonly verifyPerson: VerifyPerson;
  readonly guard: AddressGuard;
  readonly conformance: Conformance;
  readonly pages: PageTokens;
  readonly confirmations: Confirmations;
  /** Counts what became of an answer to a message of ours. */
  readonly answers: (told: AnswerReceived) => void;
  readonly exposition: () => Promise<{ readonly type: string; readonly text: string }>;
}

/** What goes back. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Resource | OperationOutcome | { readonly type: string; readonly text: string | Uint8Array } | null;
}

/** A request as the pipeline sees it: one that came over HTTP, or an entry of a batch or transaction. */
export interface Incoming {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly httpVersion: string;
  /** Whether it came over TLS, and to which port. */
  readonly secure: boolean;
  readonly localPort: number;
  /** Address of the caller, as limits count it; null where it is not known. */
  readonly address: string | null;
  /** The whole body as text. Throws `too-large` past the limit, in bytes, and `malformed`. */
  readonly text: (limit?: number) => Promise<string>;
  /** The whole body as JSON. Throws as `text`, and `malformed` for what is no JSON. */
  readonly json: () => Promise<unknown>;
}

/** One request on its way through the pipeline. What a later step sets is null before it. */
export interface Exchange {
  readonly request: Incoming;
  readonly startedAt: Instant;
  /** The caller's `X-Request-ID` where it is a UUID; else the broker's own. For log lines. */
  requestId: string;
  /** Ids that go back as they came. */
  mirrored: Readonly<Record<string, string>>;
  /** `http://host/fhir`, as the caller reached it. */
  base: string;
  readonly path: string;
  /** The part of the URL after `?`, as it stands; never logged. */
  readonly query: string;
  route: Matched | null;
  /** The system that calls. */
  client: Client | null;
  /** The id (`jti`) of the access token by which it calls. */
  tokenId: string | null;
  principal: Principal | null;
  /** The person on whose behalf it calls; null also where it names none. */
  user: UserIdentity | null;
  reach: Reach | null;
  /** A body read as a form. */
  form: URLSearchParams | null;
  /** A body read as JSON, and held against its profile where the route says so. */
  resource: Resource | null;
  /** A body read as a JSON Patch (RFC 6902). */
  patch: JsonPatch | null;
  /** The id that a transaction has chosen for what this entry creates: others refer to it. Null everywhere else. */
  readonly newId: string | null;
  answer: Answer | null;
}

const set = <T>(value: T | null, what: string): T => {
  // A step that runs before what it needs is the broker's own fault: 500, and nothing is let through.
  if (value === null) throw new Error(`the pipeline has not yet set ${what}`);
  return value;
};

export const routeOf = (exchange: Exchange): Matched => set(exchange.route, 'the route');
export const clientOf = (exchange: Exchange): Client => set(exchange.client, 'the client');
export const tokenIdOf = (exchange: Exchange): string => set(exchange.tokenId, 'the id of the token');
export const principalOf = (exchange: Exchange): Principal => set(exchange.principal, 'the principal');
export const reachOf = (exchange: Exchange): Reach => set(exchange.reach, 'the reach');
export const resourceOf = (exchange: Exchange): Resource => set(exchange.resource, 'the resource');
export const patchOf = (exchange: Exchange): JsonPatch => set(exchange.patch, 'the patch');
