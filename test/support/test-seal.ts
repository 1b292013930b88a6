import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { sealsApprovals } from '../../src/store/trail/approval-signature.ts';
import type { TrailKey } from '../../src/store/trail/trail-keys.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const publicKey = createPublicKey(privateKey);

/** A key of the trail that only this test process has. */
export const testKey: TrailKey = {
  id: 'test-key',
  publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  privateKey,
};
/** What a store in a test seals approvals by. */
export const testSeal = sealsApprovals(testKey, 'BROKER');
/** By which they are checked. */
export const testKeys = new Map([[testKey.id, publicKey]]);
