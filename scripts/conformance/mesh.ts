import type { Checklist } from './list.ts';

/** MESH, as a client of its API uses it: to put messages into mailboxes, and to look into one of its own. */
export const mesh: Checklist = {
  page: 'mesh',
  title: 'MESH, as a client of its API',
  source:
    'NHS England, mesh-api (specification) and mesh-sandbox (code) where that says nothing, Multicast Notification Service (addresses of mailboxes); project research nhs.md section 5. Shown on a simulator of our own: nobody has run this against the sandbox or the national service',
  lines: [
    { id: 'mesh.1', asks: 'Mutual TLS: a certificate that MESH knows, on each connection' },
    {
      id: 'mesh.2',
      asks: 'Authorization: NHSMESH mailbox:nonce:nonce_count:timestamp:hex, the last HMAC-SHA256 by the shared key over mailbox, nonce, count, password and timestamp',
    },
    { id: 'mesh.3', asks: 'Each nonce is used once: 403 for one that was used' },
    { id: 'mesh.4', asks: 'The timestamp, UTC to the minute, is within two hours of MESH’s own' },
    { id: 'mesh.5', asks: 'Accept: application/vnd.mesh.v2+json' },
    { id: 'mesh.6', asks: 'Handshake: POST to the mailbox at least every 24 hours, with mex-ClientVersion, mex-OSName and mex-OSVersion' },
    { id: 'mesh.7', asks: 'Send: POST outbox with Mex-To and Mex-WorkflowID; 202 with message_id says that MESH has it, and no more' },
    {
      id: 'mesh.8',
      asks: 'Mex-LocalID, Mex-Subject, Mex-FileName and Mex-Content-Checksum: nothing of a person, for whoever runs MESH sees them',
    },
    {
      id: 'mesh.9',
      asks: 'Parts: Mex-Chunk-Range n:m, the first to outbox, each further one to outbox/{id}/{n}; nothing is handed on before the last',
    },
    { id: 'mesh.10', asks: 'No part is longer than 100 MB' },
    {
      id: 'mesh.11',
      asks: '417: not taken; 12 unregistered recipient, 17 workflow not registered, 20 not there, 06 malformed, which is not said again as it is',
    },
    { id: 'mesh.12', asks: 'Receive: GET inbox lists 500 at most; what else lies there is asked for again' },
    { id: 'mesh.13', asks: 'GET inbox/{id}: 200, 206 where there are further parts, 410 where it is gone' },
    {
      id: 'mesh.14',
      asks: 'PUT inbox/{id}/status/acknowledged takes it out for good: only once all that it says is written down',
    },
    { id: 'mesh.15', asks: 'The mailbox is looked into at least once a day, and not more often than every five minutes' },
    { id: 'mesh.16', asks: 'Tracking: GET outbox/tracking?messageID= says whether a message was taken out of its mailbox' },
    {
      id: 'mesh.17',
      asks: 'Lookup of mailboxes: GET endpointlookup/{ods}/{workflow}, workflowsearch/{workflow}',
      notApplicable: 'a mailbox is registered as the address of an Endpoint, by whoever answers for it: a look-up could name another',
    },
    {
      id: 'mesh.18',
      asks: 'Not acknowledged for five days: removed, and a message of the type REPORT with mex-StatusCode 14 and mex-LinkedMsgID. It may have been read: in doubt, and told of',
    },
    { id: 'mesh.19', asks: 'REPORT with 12, 17, 20 or 06: that message was given to nobody; with another code nothing is proved' },
    {
      id: 'mesh.20',
      asks: 'Workflow IDs are assigned by MESH, X and X_ACK by convention: they are data of the Endpoint, and an answer is known by what it is',
    },
    { id: 'mesh.21', asks: 'A mailbox is written mesh://MAILBOX?workflow_id=ID, as the Multicast Notification Service writes it' },
  ],
};
