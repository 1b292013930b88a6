import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import type { Queue } from 'bullmq';
import express from 'express';
import type { RequestListener } from 'node:http';
import type { Producer } from './backend.ts';
import type { NudgeQueue } from './nudge.ts';

/** bull-board's page names a font elsewhere, and has its styles in itself: nothing is fetched but what this process serves. */
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'none'; object-src 'none'";
/** A page of somebody else's whose name resolves to this machine names itself here. */
const LOOPBACK = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/i;

// A producer is a BullMQ queue on one store or the other, and the board's types know the one on Redis alone (test/queues/board.test.ts asks both).
const bullQueue = (producer: Producer): Queue => producer as unknown as Queue;

/**
 * The queue as operators see it in a browser: which nudges wait and run. A look and no more: every other method than GET is refused, before bull-board and by it.
 * Jobs hold opaque ids of recipients. It asks nobody who they are, so it is served on loopback alone.
 */
export const boardOf = ({ producers }: Pick<NudgeQueue, 'producers'>): RequestListener => {
  const adapter = new ExpressAdapter();
  createBullBoard({
    queues: producers.map(
      (queue) => new BullMQAdapter(bullQueue(queue), { readOnlyMode: true, description: 'Nudges: opaque ids of recipients' }),
    ),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'Crisis-plan broker', hideRedisDetails: true } },
  });
  const app = express();
  app.disable('x-powered-by');
  app.use((request, response, next) => {
    response.set({
      'Content-Security-Policy': POLICY,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-store',
    });
    if (!LOOPBACK.test(request.headers.host ?? '')) response.status(421).type('text/plain').send('ask for it by a name of this machine');
    else if (request.method !== 'GET' && request.method !== 'HEAD')
      response.status(405).set('Allow', 'GET, HEAD').type('text/plain').send('a look and no more');
    else next();
  });
  app.use(adapter.getRouter());
  return app;
};
