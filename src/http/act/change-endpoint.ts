import type { Parameters, ParametersParameter } from '@medplum/fhirtypes';
import { Anomaly } from '../../model/anomaly.ts';
import type { EndpointShown } from '../../store/change-endpoint.ts';
import { CREDENTIAL_PARTS, type CredentialTexts } from '../../store/read-credential.ts';
import { principalOf } from '../exchange.ts';
import type { Act } from './act.ts';
import { onlyNamed, parameter, required, validParametersOf } from './operations.ts';
import { readOwn } from './read.ts';

const CREDENTIAL = `Parameters.parameter.where(name='credential')`;

const addressIn = (parameters: Parameters): string | undefined => {
  const said = parameter(parameters, 'address');
  if (said !== undefined && said.valueUrl === undefined) throw required('address', 'is a url');
  return said?.valueUrl;
};

/** Parts of the parameter `credential`, each a text and each once. Throws `incorrect` at the part, and repeats none of what it holds. */
const credentialIn = (parameters: Parameters): CredentialTexts => {
  const texts: Record<string, string> = {};
  for (const [index, { name = '', valueString }] of (parameter(parameters, 'credential')?.part ?? []).entries()) {
    const at = `${CREDENTIAL}.part[${index}]`;
    if (!CREDENTIAL_PARTS.some((each) => each === name))
      throw new Anomaly('incorrect', { at: `${at}.name`, code: 'not-supported', help: `is one of ${CREDENTIAL_PARTS.join(', ')}` });
    if (texts[name] !== undefined) throw new Anomaly('incorrect', { at: `${at}.name`, help: 'stands once' });
    if (valueString === undefined) throw new Anomaly('incorrect', { at: `${at}.value`, help: 'is a string' });
    texts[name] = valueString;
  }
  return texts;
};

/** What was refused of a part is said at its place in the Parameters. */
const placed = (fault: unknown): unknown => {
  if (!(fault instanceof Anomaly)) return fault;
  const at = (name: string | null): string | null => {
    if (name === null || !/^[a-z-]+$/.test(name)) return name;
    return name === 'address' ? `Parameters.parameter.where(name='address')` : `${CREDENTIAL}.part.where(name='${name}')`;
  };
  return new Anomaly(
    fault.category,
    fault.issues.map((issue) => ({ ...issue, at: at(issue.at) })),
  );
};

const toParameters = ({ recipientId, address, credentials }: EndpointShown): Parameters => ({
  resourceType: 'Parameters',
  parameter: [
    { name: 'service', valueReference: { reference: `HealthcareService/${recipientId}` } },
    { name: 'address', valueUrl: address },
    ...credentials.map(
      (each): ParametersParameter => ({
        name: 'credential',
        part: [
          { name: 'address', valueUrl: each.address },
          { name: 'standing', valueCode: each.standing },
          { name: 'since', valueInstant: each.since.toISOString() },
          { name: 'shown', valueString: JSON.stringify(each.shown) },
        ],
      }),
    ),
  ],
});

/** Endpoint/[id]/$move: another address. What lies at the old one is recalled first, by the credential of there. */
export const move: Act = async (exchange, door) => {
  const { id } = await readOwn(exchange, door);
  const parameters = onlyNamed(validParametersOf(exchange, door), ['address', 'credential', 'without-credential']);
  const without = parameter(parameters, 'without-credential');
  if (without !== undefined && without.valueBoolean === undefined) throw required('without-credential', 'is true or false');
  const asked = { endpointId: id, address: addressIn(parameters), credential: credentialIn(parameters) };
  const moved = await door.store.moveEndpoint(principalOf(exchange), asked, without?.valueBoolean === true).catch((fault: unknown) => {
    throw placed(fault);
  });
  return { status: 200, headers: {}, body: toParameters(moved) };
};

/** Endpoint/[id]/$rotate-credential: another credential in the place of the one of an address, or the first one there. */
export const rotateCredential: Act = async (exchange, door) => {
  const { id } = await readOwn(exchange, door);
  const parameters = onlyNamed(validParametersOf(exchange, door), ['address', 'credential']);
  const asked = { endpointId: id, address: addressIn(parameters), credential: credentialIn(parameters) };
  const rotated = await door.store.rotateCredential(principalOf(exchange), asked).catch((fault: unknown) => {
    throw placed(fault);
  });
  return { status: 200, headers: {}, body: toParameters(rotated) };
};
