import type { ServerResponse } from 'node:http';
import type { Exchange } from './exchange.ts';
import { FHIR_JSON } from './media.ts';

/** Writes the answer: rendered here and at once, with nothing of it kept by anyone on the way (`no-store`). */
export const sendAnswer = ({ request, mirrored, answer }: Exchange, response: ServerResponse): void => {
  if (answer === null) throw new Error('the pipeline has not yet set the answer');
  const { status, headers, body } = answer;
  response.statusCode = status;
  for (const name in mirrored) response.setHeader(name, mirrored[name] ?? '');
  for (const name in headers) response.setHeader(name, headers[name] ?? '');
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('X-Robots-Tag', 'none');
  if (body === null) {
    if (status !== 204 && status !== 304) response.setHeader('Content-Length', 0);
    response.end();
    return;
  }
  const resource = 'resourceType' in body;
  const text = resource ? JSON.stringify(body) : body.text;
  response.setHeader('Content-Type', resource ? FHIR_JSON : body.type);
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(request.method === 'HEAD' ? undefined : text);
};
