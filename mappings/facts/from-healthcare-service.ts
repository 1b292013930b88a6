import type { HealthcareService, Reference } from '@medplum/fhirtypes';
import { Extension, System } from '../../profiles/canonicals.ts';
import { anomaly } from '../../src/model/anomaly.ts';
import type { RecipientKind } from '../../src/model/kind.ts';
import { isRecipientKind } from '../../src/model/kind.ts';
import type { Recipient } from '../../src/model/recipient.ts';
import type { Declared } from './declared-of.ts';
import { declaredOf } from './declared-of.ts';
import { extensionOf } from './extensions-of.ts';
import { present } from './present.ts';
import { idOf } from './reference-of.ts';

/** What a HealthcareService declares: the recipient without its ODS code, which stands on the organisation that provides it. */
export interface ServiceFacts {
  readonly recipient: Omit<Recipient, 'ods'>;
  /** False: the operator has switched the service off. */
  readonly active: boolean;
  readonly providedBy: Reference;
  readonly endpointIds: readonly string[];
  readonly declared: Declared;
}

const readKind = (service: HealthcareService): RecipientKind => {
  const at = 'HealthcareService.type[0]';
  const codes = (service.type?.[0]?.coding ?? []).filter(({ system }) => system === System.kind);
  const code = present(codes[0]?.code, at);
  if (codes.length > 1 || !isRecipientKind(code)) throw anomaly('incorrect', 'is one kind of recipient', at);
  return code;
};

/** Reads a HealthcareService. Throws `incorrect` where the kind, the provider or an area cannot be read. */
export const fromHealthcareService = (service: HealthcareService): ServiceFacts => ({
  recipient: {
    id: present(service.id, 'HealthcareService.id'),
    kind: readKind(service),
    retains: extensionOf(service, Extension.retains)?.valueBoolean ?? true,
    areas: (service.coverageArea ?? []).flatMap((area, index) =>
      area.identifier?.system === System.area
        ? [present(area.identifier.value, `HealthcareService.coverageArea[${index}].identifier.value`)]
        : [],
    ),
  },
  active: service.active !== false,
  providedBy: present(service.providedBy, 'HealthcareService.providedBy'),
  endpointIds: (service.endpoint ?? []).map((reference, index) =>
    present(idOf(reference, 'Endpoint'), `HealthcareService.endpoint[${index}]`),
  ),
  declared: declaredOf(service, 'HealthcareService'),
});
