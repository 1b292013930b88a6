import type { Disclosure } from '../../src/model/disclosure.ts';
import type { Instant } from '../../src/model/instant.ts';
import type { Recipient } from '../../src/model/recipient.ts';

/** The number of the test person: of the range that is nobody's (999 000 0000 to 999 999 9999), with a right check digit. */
export const TEST_NUMBER = '9990000999';
const TEST = 'TEST MESSAGE of the crisis-plan broker. It is about nobody. Do not act on it.';

/** The plan of the test person, marked as a test in every part that a person reads. Police are sent no number, as ever. */
export const testDisclosure = (recipient: Recipient, id: string, sender: string, document: string, now: Instant): Disclosure => ({
  id,
  kind: recipient.kind,
  purpose: recipient.kind === 'police' ? 'crisis-response' : 'ETREAT',
  publisher: { ods: sender, name: 'Crisis-plan broker: conformance check' },
  recipient: { ods: recipient.ods },
  person: {
    nhsNumber: recipient.kind === 'police' ? null : TEST_NUMBER,
    family: 'XXTESTPATIENT-CHECK',
    given: ['DONOTUSE'],
    preferredName: null,
    birthDate: '1900-01-01',
    gender: null,
    address: null,
    telecom: [],
  },
  sections: [{ heading: 'please-do', div: `<div xmlns="http://www.w3.org/1999/xhtml"><p>${TEST} (${document})</p></div>` }],
  actions: [],
  reviewDate: '2999-12-31',
  reviewOverdue: false,
  contactCardOnly: false,
  version: document,
  issuedAt: now,
});
