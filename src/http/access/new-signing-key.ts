import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import type { NewKey } from '../../store/access/signing-keys.ts';

/** A new pair of ES256 keys, named by its thumbprint (RFC 7638). */
export const newSigningKey: NewKey = async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const names = { kid: await calculateJwkThumbprint(await exportJWK(publicKey)), alg: 'ES256', use: 'sig' };
  return {
    kid: names.kid,
    publicJwk: { ...(await exportJWK(publicKey)), ...names },
    privateJwk: { ...(await exportJWK(privateKey)), ...names },
  };
};
