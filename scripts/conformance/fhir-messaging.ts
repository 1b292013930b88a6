import type { Checklist } from './list.ts';

/** FHIR R4 messaging, with MedCom's reading of reliable messaging and the conventions of NHS BaRS. */
export const fhirMessaging: Checklist = {
  page: 'fhir-messaging',
  title: 'FHIR messaging',
  source: 'FHIR R4 messaging (reliable messaging as MedCom reads it), NHS Booking and Referral Standard (BaRS)',
  lines: [
    {
      id: '3a.1',
      asks: 'Bundle of type message, MessageHeader first, nothing that the header does not lead to; identifier and timestamp; source.endpoint, destination, focus, event',
    },
    {
      id: '3a.2',
      asks: 'content, async, response-url. Sync: the answer names the request, with ok, transient-error or fatal-error. Async: 2xx at POST is transport only; waited for until a deadline, then uncertain and loud',
    },
    {
      id: '3a.3',
      asks: 'ok is accepted; transient-error, 5xx, 429 and timeouts repeat the same bytes; fatal-error and 4xx go to people, and count as maybe held unless refused before storage',
    },
    {
      id: '3a.4',
      asks: 'A retry has the same Bundle.id, identifier, MessageHeader.id, body and X-Request-ID; a replay the same header id and a new Bundle id; a new sequence both new and the same X-Correlation-ID',
    },
    { id: '3a.5', asks: 'What a receiver has forgotten may be processed twice: content is a whole plan with a version, never an addition' },
    { id: '3a.6', asks: 'MessageDefinition.category is notification or currency, never consequence' },
    {
      id: '3a.7',
      asks: 'A recall is the same event, its focus revoked or entered-in-error, no clinical body, the same business identifier, a higher version; a response is always asked for',
    },
    {
      id: '3a.8',
      asks: 'Answers that come in are bound to the recipient who was asked: another may not answer for it; unknown id is 404 and an alert; a doubled answer changes nothing; a late one of an older sequence never lowers what is known',
    },
    { id: '3a.9.1', asks: 'Matrix: the request is dropped' },
    { id: '3a.9.2', asks: 'Matrix: the answer is dropped' },
    { id: '3a.9.3', asks: 'Matrix: the answer comes after the deadline' },
    { id: '3a.9.4', asks: 'Matrix: the answer comes twice' },
    { id: '3a.9.5', asks: "Matrix: another recipient's answer" },
    { id: '3a.9.6', asks: 'Matrix: 200 with a fatal error inside' },
    { id: '3a.9.7', asks: 'Matrix: 409 duplicate' },
    { id: '3a.9.8', asks: 'Matrix: 202, then silence' },
  ],
};
