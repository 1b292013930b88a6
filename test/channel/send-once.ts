import { openChannels } from '../../src/channel/open-channels.ts';
import { AUTHORITY_PEM, pemOf } from '../support/certificates.ts';
import { envelope, mdmParcel, target, updateParcel, within } from './samples.ts';

/** Sends one message with the client's certificate, in a process with an environment of its own: `ROAD ADDRESS`; prints the outcome. */
const [road = '', address = ''] = process.argv.slice(2);
const certificate = { ...pemOf('client'), notAfter: Date.parse('2120-01-01') };
const credential = { version: 'v1', endpointId: 'end-a', address, signedJwt: null, certificate, ca: AUTHORITY_PEM };
const channels = openChannels(['127.0.0.0/8']);
const isMllp = road === 'hl7v2-mllp';
const parcel = isMllp ? mdmParcel(envelope(1)) : updateParcel(address, envelope(1));
const outcome = await channels[isMllp ? 'hl7v2-mllp' : 'fhir-messaging'].send(
  target(address, { credential }),
  parcel,
  within(5_000, 2_000),
);
process.stdout.write(JSON.stringify(outcome));
await channels.close();
