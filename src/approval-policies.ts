import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { type ApprovalPolicy, DEFAULT_POLICY, type PolicyOf } from './model/approval-policy.ts';
import { CannotStart } from './model/cannot-start.ts';

const policy = {
  type: 'object',
  additionalProperties: false,
  properties: {
    signs: { enum: ['optional', 'required'] },
    person: { enum: ['agrees-or-second-clinician', 'agrees', 'signs-or-second-clinician'] },
    review: { enum: ['optional', 'required'] },
    carers: { enum: ['may-sign', 'never'] },
  },
};
interface Policies {
  readonly default?: Partial<ApprovalPolicy>;
  readonly publishers?: Readonly<Record<string, Partial<ApprovalPolicy>>>;
}
const validate = new Ajv().compile<Policies>({
  type: 'object',
  additionalProperties: false,
  properties: {
    default: policy,
    publishers: { type: 'object', propertyNames: { pattern: '^[A-Z0-9]{1,12}$' }, additionalProperties: policy },
  },
});

/** Reads the file of `APPROVAL_POLICY`; without one each publisher has the default. Throws CannotStart with one line why not, and where. */
export const readApprovalPolicies = (path: string | null): PolicyOf => {
  if (path === null) return () => DEFAULT_POLICY;
  const refused = (why: string): CannotStart => new CannotStart(`APPROVAL_POLICY: ${path} ${why}`);
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(path, 'utf8'));
  } catch (fault) {
    throw refused(fault instanceof SyntaxError ? 'is no JSON' : 'cannot be read');
  }
  if (!validate(read)) {
    const [error] = validate.errors ?? [];
    throw refused(`is no policy at ${error?.instancePath || '/'}: ${error?.message ?? ''}`);
  }
  const { default: all = {}, publishers = {} } = read;
  return (ods) => ({ ...DEFAULT_POLICY, ...all, ...(Object.hasOwn(publishers, ods) ? publishers[ods] : {}) });
};
