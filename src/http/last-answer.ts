import type { ErrorRequestHandler } from 'express';
import { toOperationOutcome } from '../../mappings/outcome/to-operation-outcome.ts';
import { Line } from '../log.ts';
import type { Door } from './exchange.ts';
import { FHIR_JSON } from './media.ts';

/** Answers what failed outside the pipeline, and with none of its words: express itself would print the error and its stack, and show both to the caller. */
export const lastAnswer =
  ({ log, config }: Pick<Door, 'log' | 'config'>): ErrorRequestHandler =>
  (fault: unknown, _request, response, _next) => {
    log(Line.fault, { name: 'http', fault });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const issues = [{ at: null, help: 'the broker failed, and what you sent did not cause it' }];
    const body = toOperationOutcome({ category: 'fault', issues }, { system: config.errorCodeSystem, status: 500 });
    response.statusCode = 500;
    response.setHeader('Content-Type', FHIR_JSON);
    response.setHeader('Cache-Control', 'no-store');
    response.end(JSON.stringify(body));
  };
