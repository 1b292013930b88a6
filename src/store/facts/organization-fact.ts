import type { Organization } from '@medplum/fhirtypes';
import { NO_LOCKS } from '../policy-locks.ts';
import type { FactRecorder } from './fact.ts';
import { personsWhoNamed, resolveAgain } from './resolve-again.ts';

/** An Organization says whose its ODS code is: a consent may have named it before. */
export const organizationFact: FactRecorder<Organization> = {
  async scope(sql, { resource }) {
    return { ...NO_LOCKS, persons: await personsWhoNamed(sql, `Organization/${resource.id}`) };
  },
  record: (sql, { resource }) => resolveAgain(sql, `Organization/${resource.id}`),
};
