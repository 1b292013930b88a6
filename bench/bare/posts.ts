import { readFileSync } from 'node:fs';
import { Client } from 'fhir-kit-client';
import type { FhirResource } from 'fhir-kit-client';

/** Raw fhir-kit-client: the same body to the same recipient, so many in flight. `node bench/bare/posts.ts ADDRESS FILE IN_FLIGHT COUNT` prints posts a second. */
const [address = '', file = '', inFlight = '16', count = '1000'] = process.argv.slice(2);
const client = new Client({ baseUrl: address });
const bytes = readFileSync(file, 'utf8');
// The client sends a string as it is, which its types do not say; so does the broker's own channel.
const body = bytes as unknown as FhirResource;
const post = (): Promise<unknown> =>
  client.operation({
    name: 'process-message',
    input: body,
    options: { headers: { 'content-type': 'application/fhir+json', accept: 'application/fhir+json' } },
  });

const all = async (posts: number): Promise<number> => {
  let left = posts;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: Number(inFlight) }, async () => {
      while (left-- > 0) await post();
    }),
  );
  return (posts * 1_000) / (performance.now() - startedAt);
};

await all(200);
process.stdout.write(`ready ${await all(Number(count))}\n`);
