import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Line } from '../log.ts';
import type { Log } from '../log.ts';
import { CannotStart } from '../model/cannot-start.ts';

/** Paths of PEM files: the certificate with those above it, its key, and the authorities of callers (null asks no caller for a certificate). */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly clientCa: string | null;
}

/** The files as they were read, and held to be good. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

const EACH_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const read = async (name: string, path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8');
  } catch (fault) {
    const { code } = fault as NodeJS.ErrnoException;
    throw new CannotStart(`${name} cannot be read (${code ?? 'no reason given'})`);
  }
};

const certificatesIn = (name: string, pem: string): readonly [X509Certificate, ...X509Certificate[]] => {
  try {
    const [first, ...more] = (pem.match(EACH_CERTIFICATE) ?? []).map((each) => new X509Certificate(each));
    if (first !== undefined) return [first, ...more];
  } catch {
    // Said below: the library's own words say no more.
  }
  throw new CannotStart(`${name} must hold certificates as PEM`);
};

const keyIn = (name: string, pem: string): KeyObject => {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new CannotStart(`${name} must hold a private key as PEM, without a passphrase`);
  }
};

const checkInDate = (name: string, { validFromDate, validToDate }: X509Certificate, now: number): void => {
  if (validToDate.getTime() <= now) throw new CannotStart(`${name} has expired, on ${validToDate.toISOString()}`);
  if (validFromDate.getTime() > now) throw new CannotStart(`${name} is not valid before ${validFromDate.toISOString()}`);
};

/** Which settings name the files: those of the FHIR door, of the door for HL7 v2, or of what MESH is shown. */
export type TlsSettings = '' | 'HL7_' | 'MESH_';

/**
 * Reads the files of a door's TLS. Throws CannotStart, with one line that names the setting and nothing of what a file holds, where one
 * cannot be read, is no PEM, is out of date, or where key and certificate do not belong together.
 */
export const readTls = async (files: TlsFiles, settings: TlsSettings = '', now = Date.now()): Promise<TlsMaterial> => {
  const tls = settings === 'MESH_' ? '' : 'TLS_';
  const [ofCert, ofKey, ofCa] = [`${settings}${tls}CERT`, `${settings}${tls}KEY`, `${settings}TLS_CLIENT_CA`];
  const cert = await read(ofCert, files.cert);
  const key = await read(ofKey, files.key);
  const ca = files.clientCa === null ? null : await read(ofCa, files.clientCa);
  const chain = certificatesIn(ofCert, cert);
  if (!chain[0].checkPrivateKey(keyIn(ofKey, key))) throw new CannotStart(`${ofKey} is not the key of ${ofCert}`);
  for (const each of chain) checkInDate(ofCert, each, now);
  if (ca === null) return { cert, key };
  for (const each of certificatesIn(ofCa, ca)) checkInDate(ofCa, each, now);
  return { cert, key, ca };
};

const isSame = (one: TlsMaterial, other: TlsMaterial): boolean => one.cert === other.cert && one.key === other.key && one.ca === other.ca;

/** Whose files are followed, and what is done with new ones. */
export interface Followed {
  readonly files: TlsFiles;
  readonly settings?: TlsSettings;
  /** What is in use. */
  readonly first: TlsMaterial;
  readonly use: (material: TlsMaterial) => void;
  readonly log: Log;
  readonly everyMs?: number;
}

/**
 * Reads the files again every `everyMs`, and lets the server go on with what is new; what cannot be used is told once, and what is in use stays.
 * A certificate and its key may change one after the other. Answers how to stop.
 */
export const followTls = ({ files, settings = '', first, use, log, everyMs = 5_000 }: Followed): (() => void) => {
  let inUse = first;
  let told: string | null = null;
  const look = async (): Promise<void> => {
    try {
      const found = await readTls(files, settings);
      told = null;
      if (isSame(found, inUse)) return;
      use(found);
      inUse = found;
      log(Line.certificateChanged);
    } catch (fault) {
      const because = fault instanceof CannotStart ? fault.message : `${settings}TLS_CERT and ${settings}TLS_KEY cannot be used`;
      if (because !== told) log(Line.certificateKept, { because });
      told = because;
    }
  };
  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, everyMs).unref();
  return () => clearInterval(timer);
};
