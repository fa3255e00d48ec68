import { type EndpointHandler, type HttpAnswer, jsonAnswer } from '../core/endpoint.js';

/** What the answer to "may requests be sent here?" depends on. */
export interface ReadinessParts {
  /** Never rejects, and does not take long. */
  readonly checkDatabase: () => Promise<boolean>;
  readonly isDraining: () => boolean;
}

/** The process runs and answers; nothing else is looked at, because a restart would not mend it. */
export const liveness: EndpointHandler = () => jsonAnswer(200, { status: 'ok' });

/** Whether requests may be sent here. Probes at the same time share one look at the database. */
export function readiness({ checkDatabase, isDraining }: ReadinessParts): EndpointHandler {
  let check: Promise<boolean> | undefined;
  return async () => {
    if (isDraining()) return unavailable('draining');
    check ??= checkDatabase().finally(() => {
      check = undefined;
    });
    if (!(await check)) return unavailable('database');
    return isDraining() ? unavailable('draining') : jsonAnswer(200, { status: 'ok' });
  };
}

function unavailable(reason: 'database' | 'draining'): HttpAnswer {
  return jsonAnswer(503, { status: 'unavailable', reason });
}
