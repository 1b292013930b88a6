import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A subscriber's rest-hook that takes every notification, and keeps the last. Posted to the parent when it asks. */
let last = '';
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    last = Buffer.concat(chunks).toString();
    response.writeHead(200).end();
  });
});
server.keepAliveTimeout = 60_000;
process.on('message', () => process.send?.(last));
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
