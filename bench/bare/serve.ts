import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers every request with what `answer` makes of its body, by bare `node:http`; says on standard output where. */
export const serve = (status: number, answer: (body: string) => Promise<string> | string): void => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      Promise.resolve(Buffer.concat(chunks).toString())
        .then(answer)
        .then(
          (text) => response.writeHead(status, { 'content-type': 'application/fhir+json' }).end(text),
          (fault: unknown) => {
            process.stderr.write(`${fault instanceof Error ? fault.message : 'unknown'}\n`);
            response.writeHead(500).end();
          },
        );
    });
  });
  server.listen(0, '127.0.0.1', () => process.stdout.write(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}/\n`));
};
