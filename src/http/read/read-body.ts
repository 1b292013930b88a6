import type { IncomingMessage } from 'node:http';
import { Anomaly } from '../../model/anomaly.ts';

/** 2 MB: the largest body that the door reads. */
export const MAX_BODY = 2 * 1024 * 1024;
/** A caller who sends on after the refusal is cut off here. */
const MAX_DRAINED = 8 * MAX_BODY;

const tooLarge = (limit: number): Anomaly =>
  new Anomaly('too-large', { at: 'http.Content-Length', help: `a body has at most ${limit} bytes` });

/**
 * The whole body as text. Throws `too-large` as soon as the limit is passed, and goes on reading, but keeping nothing, so that the caller gets to
 * read the answer; throws `malformed` for what is not UTF-8, or where the body breaks off.
 */
export const readBody = (request: IncomingMessage, limit: number = MAX_BODY): Promise<string> =>
  new Promise((resolve, reject) => {
    const declared = Number(request.headers['content-length'] ?? 0);
    const chunks: Buffer[] = [];
    let received = 0;
    if (declared > limit) reject(tooLarge(limit));
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received > MAX_DRAINED) request.destroy();
      else if (received > limit) {
        chunks.length = 0;
        reject(tooLarge(limit));
      } else if (declared <= limit) chunks.push(chunk);
    });
    request.on('end', () => {
      try {
        resolve(utf8.decode(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
      } catch {
        // The decoder's own words would quote nothing either, but they name no place.
        reject(new Anomaly('malformed', { at: 'http.body', help: 'the body is not UTF-8' }));
      }
    });
    request.on('error', () => reject(new Anomaly('malformed', { at: 'http.body', help: 'the body broke off' })));
    request.on('aborted', () => reject(new Anomaly('malformed', { at: 'http.body', help: 'the body broke off' })));
  });

const utf8 = new TextDecoder('utf-8', { fatal: true });
