import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Hl7MessageEvent } from '@medplum/hl7';
import { Hl7Server } from '@medplum/hl7';
import type { Endpoint, Resource } from '@medplum/fhirtypes';
import { Server } from 'node-hl7-server';
import { Extension } from '../../profiles/canonicals.ts';
import type { Principal } from '../../src/model/principal.ts';
import { believed } from '../../src/store/believed.ts';
import { WORDS } from '../store/ground.ts';
import * as body from '../support/bodies.ts';
import type { TestEngine } from '../support/engine.ts';
import { startTestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';

/** Receivers that nobody here wrote: the broker's messages through their parsers into a store, their own acknowledgements back. */

const operator: Principal = { organization: 'BROKER', kind: 'operator', scopes: ['system/*.cruds'], user: null };
const publisher: Principal = { organization: 'TRUST1', kind: 'publisher', scopes: ['system/*.cruds'], user: null };
const NUMBER = '9990000018';

/** What a receiver reads of one message, by its own library. */
interface Parsed {
  readonly event: string;
  readonly document: string;
  readonly parent: string;
  readonly availability: string;
  readonly nhsNumber: string;
  readonly text: string;
}

/** A receiver's document store, by document number. */
class Documents {
  readonly held = new Map<string, Parsed>();
  readonly events: string[] = [];

  take(message: Parsed): void {
    const { event, document, parent, availability } = message;
    this.events.push(event);
    if (event === 'T11' || availability !== 'AV') this.held.delete(document);
    else this.held.set(document, message);
    if (event === 'T10') this.held.delete(parent);
  }
}

interface Peer {
  readonly address: string;
  readonly documents: Documents;
  stop(): Promise<void>;
}

/** `@medplum/hl7`: in enhanced mode it commits by itself, and its handler answers as the application. */
const startMedplum = async (enhanced: boolean): Promise<Peer> => {
  const documents = new Documents();
  const server = new Hl7Server((connection) => {
    connection.addEventListener('message', ({ message }: Hl7MessageEvent) => {
      const of = (segment: string, field: number, component = 1): string =>
        message.getSegment(segment)?.getComponent(field, component) ?? '';
      documents.take({
        event: of('MSH', 9, 2),
        document: of('TXA', 12),
        parent: of('TXA', 13),
        availability: of('TXA', 19),
        nhsNumber: of('PID', 3),
        text: message
          .getAllSegments('OBX')
          .map((obx) => obx.getField(5).toString())
          .join('\n'),
      });
      connection.send(message.buildAck({ ackCode: 'AA' }));
    });
  });
  await server.start(0, 'utf-8', enhanced);
  const listening = server.server?.address();
  if (listening == null || typeof listening === 'string') throw new Error('it does not listen');
  return { address: `mllp://127.0.0.1:${listening.port}`, documents, stop: () => server.stop({ forceDrainTimeoutMs: 0 }) };
};

/** `node-hl7-server`. */
const startNodeHl7 = async (): Promise<Peer> => {
  const documents = new Documents();
  const server = new Server({ bindAddress: '127.0.0.1' });
  const inbound = server.createInbound({ port: 0 }, (request, response) => {
    const message = request.getMessage();
    const of = (path: string): string => String(message.get(path));
    documents.take({
      event: of('MSH.9.2'),
      document: of('TXA.12.1'),
      parent: of('TXA.13.1'),
      availability: of('TXA.19'),
      nhsNumber: of('PID.3.1'),
      text: message.toString(),
    });
    void response.sendResponse('AA');
  });
  await new Promise<void>((resolve) => inbound.on('listen', resolve));
  const { port } = (inbound as unknown as { readonly _socket: { address(): AddressInfo } })._socket.address();
  return { address: `mllp://127.0.0.1:${port}`, documents, stop: async () => void (await inbound.close()) };
};

describe.each([
  ['@medplum/hl7, original mode', () => startMedplum(false), 'original', 'mdm-t11', 'T11'],
  ['@medplum/hl7, enhanced mode', () => startMedplum(true), 'enhanced', 'mdm-t08', 'T08'],
  ['node-hl7-server', startNodeHl7, 'original', 'mdm-t11', 'T11'],
] as const)('%s', (_, start, mode, recallForm, recallEvent) => {
  let engine: TestEngine;
  let peer: Peer;
  const put = (principal: Principal, resource: Resource) =>
    engine.store.write({ principal, resource, id: resource.id ?? null, ifMatch: null });

  beforeAll(async () => {
    engine = await startTestEngine();
    peer = await start();
    await put(operator, body.organization('org-trust', 'TRUST1', 'publisher'));
    await put(operator, body.organization('org-ed', 'ED1', 'ed'));
    await put(operator, body.service('svc-ed', 'org-ed', 'ed'));
    const endpoint: Endpoint = body.endpoint('end-ed', 'svc-ed', 'org-ed', peer.address);
    await put(operator, {
      ...endpoint,
      extension: [
        ...(endpoint.extension ?? []),
        { url: Extension.acknowledgementMode, valueCode: mode },
        { url: Extension.recallForm, valueCode: recallForm },
      ],
    });
    await put(operator, body.agreement('org-trust', ['svc-ed']));
    for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));
    await put(publisher, body.patient('p1', NUMBER));
    await put(publisher, body.consent('c1', 'p1', 'org-trust', { kinds: ['ed'] }));
  }, 60_000);
  afterAll(async () => {
    await engine?.stop();
    await peer?.stop();
  });
  const approve = async (version: string, triggers: string, replaces?: string): Promise<void> => {
    await put(publisher, body.composition(`words-${version}`, 'p1', { ...WORDS, triggers }));
    await put(
      publisher,
      body.carePlan(version, 'p1', `words-${version}`, { reach: ['svc-ed'], ...(replaces === undefined ? {} : { replaces }) }),
    );
    await engine.store.approve(publisher, version, '1', body.approval(version), body.approver);
  };
  const held = () => [...peer.documents.held.values()];
  const copies = async () => (await believed(engine.database.pool, null)).flatMap((key) => key.copies.map(({ state }) => state));

  test('[3b.1] [3b.2] [3b.5] I3 it files a plan, and its acknowledgement is taken for what it is', async () => {
    await approve('v1', 'Loud sirens upset me');
    await eventually(() => expect(held()).toMatchObject([{ nhsNumber: NUMBER, text: expect.stringContaining('Loud sirens upset me') }]));
    await eventually(async () => expect(await copies()).toEqual(['held']));
  });

  test('[3b.5] I3 a new version replaces the one before', async () => {
    await approve('v2', 'Crowds upset me', 'v1');
    await eventually(() => expect(held()).toMatchObject([{ text: expect.stringContaining('Crowds upset me') }]));
    expect(peer.documents.events).toContain('T10');
  });

  test('[3b.6] I2 after a revocation it has nothing, and nothing is owed', async () => {
    await put(publisher, body.consent('c1', 'p1', 'org-trust', { kinds: ['ed'], status: 'inactive' }));
    await eventually(() => expect(held()).toEqual([]));
    expect(peer.documents.events).toContain(recallEvent);
    await eventually(async () => expect(await copies()).toEqual([]), 15_000);
  }, 30_000);
});
