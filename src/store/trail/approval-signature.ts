import type { KeyObject } from 'node:crypto';
import type { Provenance, Signature } from '@medplum/fhirtypes';
import { CompactSign, compactVerify, decodeProtectedHeader, errors } from 'jose';
import { Code, System } from '../../../profiles/canonicals.ts';
import { canonical } from '../../decide/digest.ts';
import type { TrailKey } from './trail-keys.ts';

/** What a seal is under: a signature of one sort cannot be taken for another. */
export type Sealed = 'plan-approval' | 'chase-end';

/** Puts the broker's seal under the Provenance of an approval, or of a chase that a person ended. */
export type SealApproval = (provenance: Provenance, now: Date, of?: Sealed) => Promise<Provenance>;

const JOSE = 'application/jose';

/** What is sealed: the Provenance in canonical JSON, without what the store adds to it and without the seal itself. */
const sealedText = ({ id: _id, meta: _meta, signature = [], ...rest }: Provenance, others: readonly Signature[] = signature): Uint8Array =>
  new TextEncoder().encode(canonical({ ...rest, ...(others.length === 0 ? {} : { signature: others }) }));

/** A seal is a detached JWS (RFC 7515 appendix F, EdDSA) by the key of the trail, in the last `Provenance.signature`. */
export const sealsApprovals =
  (key: TrailKey, operatorOds: string): SealApproval =>
  async (provenance, now, of = 'plan-approval') => {
    const jws = await new CompactSign(sealedText(provenance))
      .setProtectedHeader({ alg: 'EdDSA', kid: key.id, typ: of })
      .sign(key.privateKey);
    const [header, , signature] = jws.split('.');
    const seal: Signature = {
      type: [Code.verificationSignature],
      when: now.toISOString(),
      who: { identifier: { system: System.odsOrganization, value: operatorOds } },
      targetFormat: 'application/fhir+json',
      sigFormat: JOSE,
      data: Buffer.from(`${header}..${signature}`, 'latin1').toString('base64'),
    };
    return { ...provenance, signature: [...(provenance.signature ?? []), seal] };
  };

/** Whether the seal of an approval, or of what else is named, is good by one of these keys (by id); null where there is none. */
export const checkSealOf = async (
  provenance: Provenance,
  keys: ReadonlyMap<string, KeyObject>,
  of: Sealed = 'plan-approval',
): Promise<'good' | 'unknown-key' | 'wrong' | null> => {
  const seal = provenance.signature?.at(-1);
  if (seal === undefined || seal.sigFormat !== JOSE) return null;
  const [header = '', , signature = ''] = Buffer.from(seal.data ?? '', 'base64')
    .toString('latin1')
    .split('.');
  const payload = Buffer.from(sealedText(provenance, provenance.signature?.slice(0, -1))).toString('base64url');
  try {
    const { kid, typ } = decodeProtectedHeader(`${header}.${payload}.${signature}`);
    if (typ !== of) return 'wrong';
    const key = keys.get(kid ?? '');
    if (key === undefined) return 'unknown-key';
    await compactVerify(`${header}.${payload}.${signature}`, key, { algorithms: ['EdDSA'] });
    return 'good';
  } catch (fault) {
    if (fault instanceof errors.JOSEError || fault instanceof TypeError) return 'wrong';
    throw fault;
  }
};
