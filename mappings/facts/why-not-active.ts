import { Extension } from '../../profiles/canonicals.ts';
import type { Issue } from '../../src/model/anomaly.ts';
import type { Destination } from '../../src/model/recipient.ts';

const at = (type: 'Endpoint' | 'HealthcareService', url: string): string => `${type}.extension.where(url='${url}').value`;

/**
 * Why an address may not be active: what it takes could not be taken back from it, or not in the way that it declares. `type` is the resource
 * that is written, and that the place names. Null where it may be.
 */
export const whyNotActive = (destination: Destination, type: 'Endpoint' | 'HealthcareService'): Issue | null => {
  switch (destination.recallForm) {
    case 'none':
      return {
        at: at(type, Extension.recallForm),
        help: 'an address that has no way to take content back cannot be active: declare how it does, by people (manual) or by time (expires) if by no message',
      };
    case 'expires':
      if (destination.copiesEndAfter === undefined)
        return { at: at(type, Extension.copiesEndAfter), help: 'where copies end by agreement, say after how long' };
      if (destination.copiesEndAfter < 4 * destination.lifetime)
        return {
          at: at(type, Extension.copiesEndAfter),
          help: 'copies end later than four message lifetimes: they are renewed before they end',
        };
      if (!destination.replaceHidesOld)
        return {
          at: at(type, Extension.replaceHidesOld),
          help: 'where copies end by agreement alone, a replacement has to hide the old one: what a person no longer shares would be seen until then',
        };
      return null;
    case 'manual':
      if (destination.contact !== undefined) return null;
      return {
        at: type === 'Endpoint' ? 'Endpoint.contact' : 'HealthcareService.telecom',
        help: 'where people take content back, say whom to ring or to write to',
      };
    case 'mdm-t11':
    case 'mdm-t10-notice':
    case 'mdm-t08':
    case 'message':
    case 'rest-status':
    case 'pointer-delete':
    case 'notification':
    case 'task':
      return null;
    default:
      return destination.recallForm satisfies never;
  }
};
