import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:https';
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

const keyIn = (pem: string): KeyObject => {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new CannotStart('TLS_KEY must hold a private key as PEM, without a passphrase');
  }
};

const checkInDate = (name: string, { validFromDate, validToDate }: X509Certificate, now: number): void => {
  if (validToDate.getTime() <= now) throw new CannotStart(`${name} has expired, on ${validToDate.toISOString()}`);
  if (validFromDate.getTime() > now) throw new CannotStart(`${name} is not valid before ${validFromDate.toISOString()}`);
};

/**
 * Reads the files of the door's TLS. Throws CannotStart, with one line that names the setting and nothing of what a file holds, where one
 * cannot be read, is no PEM, is out of date, or where key and certificate do not belong together.
 */
export const readTls = async (files: TlsFiles, now = Date.now()): Promise<TlsMaterial> => {
  const cert = await read('TLS_CERT', files.cert);
  const key = await read('TLS_KEY', files.key);
  const ca = files.clientCa === null ? null : await read('TLS_CLIENT_CA', files.clientCa);
  const chain = certificatesIn('TLS_CERT', cert);
  if (!chain[0].checkPrivateKey(keyIn(key))) throw new CannotStart('TLS_KEY is not the key of TLS_CERT');
  for (const each of chain) checkInDate('TLS_CERT', each, now);
  if (ca === null) return { cert, key };
  for (const each of certificatesIn('TLS_CLIENT_CA', ca)) checkInDate('TLS_CLIENT_CA', each, now);
  return { cert, key, ca };
};

const isSame = (one: TlsMaterial, other: TlsMaterial): boolean => one.cert === other.cert && one.key === other.key && one.ca === other.ca;

/**
 * Reads the files again every `everyMs`, and lets the server go on with what is new; what cannot be used is told once, and what is in use stays.
 * A certificate and its key may change one after the other. Answers how to stop.
 */
export const followTls = (server: Server, files: TlsFiles, first: TlsMaterial, log: Log, everyMs = 5_000): (() => void) => {
  let inUse = first;
  let told: string | null = null;
  const look = async (): Promise<void> => {
    try {
      const found = await readTls(files);
      told = null;
      if (isSame(found, inUse)) return;
      server.setSecureContext({ ...found, minVersion: 'TLSv1.2' });
      inUse = found;
      // Who was let in by what is no longer in use comes in anew.
      server.closeIdleConnections();
      log(Line.certificateChanged);
    } catch (fault) {
      const because = fault instanceof CannotStart ? fault.message : 'TLS_CERT and TLS_KEY cannot be used';
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
