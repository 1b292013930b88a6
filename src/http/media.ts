import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from './refusal.ts';

/** The one media type that the door answers in. */
export const FHIR_JSON = 'application/fhir+json; charset=utf-8';

const ACCEPTED = /(?:^|[\s,])(?:\*\/\*|application\/(?:\*|json|fhir\+json))(?![^\s,;])/i;
const JSON_FORMAT = /^(?:json|application\/json|application\/fhir[+ ]json|text\/json)$/i;
const JSON_BODY = /^application\/(?:fhir\+)?json\s*(?:;|$)/i;
const PATCH_BODY = /^application\/json-patch\+json\s*(?:;|$)/i;
const FORM_BODY = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

/** Refuses (406) where `Accept`, or `_format`, which overrules it, leaves no JSON. */
export const checkAccept = (accept: string | undefined, format: string | null): void => {
  const fits =
    format === null
      ? accept === undefined || accept.trim() === '' || ACCEPTED.test(accept)
      : JSON_FORMAT.test(format.split(';')[0]?.trim() ?? '');
  if (!fits)
    throw new Refusal(406, 'unsupported', {
      at: format === null ? 'http.Accept' : 'http._format',
      help: 'answers are application/fhir+json',
    });
};

const unsupported = (header: string, help: string): Refusal => new Refusal(415, 'unsupported', { at: `http.${header}`, help });

const BODIES = {
  resource: { type: JSON_BODY, help: 'resources are sent as application/fhir+json' },
  form: { type: FORM_BODY, help: 'a search is sent as application/x-www-form-urlencoded' },
  patch: { type: PATCH_BODY, help: 'a patch is sent as application/json-patch+json' },
} as const;

/** Refuses (415) a body in another media type, character set, coding, or version of FHIR than this door reads. */
export const checkContentType = (headers: IncomingHttpHeaders, body: keyof typeof BODIES): void => {
  const type = headers['content-type'] ?? '';
  if (body === 'form' && type === '' && headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0) return;
  if (!BODIES[body].type.test(type)) throw unsupported('Content-Type', BODIES[body].help);
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(type)?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) throw unsupported('Content-Type', 'the character set is UTF-8');
  const version = /;\s*fhirVersion\s*=\s*"?([^";\s]+)/i.exec(type)?.[1];
  if (version !== undefined && !/^4\.0(?:\.|$)/.test(version)) throw unsupported('Content-Type', 'the version of FHIR is 4.0');
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'identity')
    throw unsupported('Content-Encoding', 'bodies are sent as they are, not compressed');
};
