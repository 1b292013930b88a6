import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { type ApprovalPolicy, DEFAULT_POLICY } from '../../src/model/approval-policy.ts';
import type { Approving } from '../../src/store/approve.ts';
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
/** What a store in a test approves by: policies by publisher may be put here. */
export const testPolicies = new Map<string, ApprovalPolicy>();
export const testApproving: Approving = {
  seal: sealsApprovals(testKey, 'BROKER'),
  policyOf: (ods) => testPolicies.get(ods) ?? DEFAULT_POLICY,
};
/** By which they are checked. */
export const testKeys = new Map([[testKey.id, publicKey]]);
