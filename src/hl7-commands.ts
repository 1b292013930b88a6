import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type pg from 'pg';
import { fingerprintOf } from './channel/fingerprint.ts';
import type { Options } from './client-commands.ts';
import { CannotStart } from './model/cannot-start.ts';
import type { Hl7Sender } from './model/hl7-sender.ts';
import { isRecipientKind, RECIPIENT_KINDS } from './model/kind.ts';
import { isOdsCode } from './model/ods-code.ts';
import { addHl7Sender, listHl7Senders, suspendHl7Sender } from './store/access/hl7-senders.ts';

const refuse = (why: string): never => {
  throw new CannotStart(why);
};

const one = (options: Options, name: string): string | null => {
  const value = options[name];
  return typeof value === 'string' && value !== '' ? value : null;
};
const needed = (options: Options, name: string): string => one(options, name) ?? refuse(`--${name} is missing`);

const ofFile = async (file: string): Promise<string> => {
  try {
    return fingerprintOf(new X509Certificate(await readFile(file)));
  } catch {
    return refuse('--certificate is a file with a certificate as PEM or DER');
  }
};

/** As openssl prints it, and as others do. */
const ofText = (text: string): string => {
  const hex = text
    .replace(/^sha256[^=:]*=/i, '')
    .replaceAll(':', '')
    .toLowerCase();
  return /^[0-9a-f]{64}$/.test(hex) ? hex : refuse('--fingerprint is the SHA-256 of a certificate: 64 hexadecimal digits');
};

const certificateOf = (options: Options): Promise<string> | string => {
  const [file, text] = [one(options, 'certificate'), one(options, 'fingerprint')];
  if (file !== null && text === null) return ofFile(file);
  if (file === null && text !== null) return ofText(text);
  return refuse('give either --certificate FILE or --fingerprint SHA256');
};

const toJson = ({ createdAt, suspendedAt, ...sender }: Hl7Sender): Readonly<Record<string, unknown>> => ({
  ...sender,
  created_at: new Date(createdAt).toISOString(),
  suspended_at: suspendedAt === null ? null : new Date(suspendedAt).toISOString(),
});

const add = async (pool: pg.Pool, options: Options): Promise<Hl7Sender> => {
  const organization = needed(options, 'org').toUpperCase();
  if (!isOdsCode(organization)) return refuse('--org is an ODS code: 1 to 12 letters and digits');
  const kind = needed(options, 'kind');
  if (!isRecipientKind(kind)) return refuse(`--kind is one of ${RECIPIENT_KINDS.join(', ')}`);
  const application = one(options, 'application');
  const added = await addHl7Sender(pool, { organization, kind, application, fingerprint: await certificateOf(options) });
  return added ?? refuse('this certificate speaks for that facility already: see hl7 sender list');
};

/** `hl7 sender add`, `list`, `suspend` and `resume`: what each prints, as JSON. Throws CannotStart with one line why not. */
export const hl7Command = async (pool: pg.Pool, command: string, options: Options): Promise<unknown> => {
  switch (command) {
    case 'hl7 sender add':
      return toJson(await add(pool, options));
    case 'hl7 sender list':
      return (await listHl7Senders(pool)).map(toJson);
    case 'hl7 sender suspend':
    case 'hl7 sender resume': {
      const found = await suspendHl7Sender(pool, needed(options, 'sender'), command.endsWith('suspend'));
      return toJson(found ?? refuse('there is no such sender: see hl7 sender list'));
    }
    default:
      throw new Error('the table of commands has no other');
  }
};
