import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Logger } from 'pino';
import type { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { answerBrokenRequests } from './core/broken-requests.js';
import { corsPolicy } from './core/cors.js';
import { followExchanges } from './core/exchanges.js';
import { MAX_HEADERS_READ } from './core/header-limit.js';
import { listen, SLOW_CLIENTS } from './core/listen.js';
import { requestHandler } from './core/request-handler.js';
import { measureRequests } from './core/request-metrics.js';
import { createRouter } from './core/router.js';
import { operatorRoutes } from './routes.js';
import { answerUpgrades } from './endpoints/upgrades.js';

/** What the server of a worker works with. */
interface WorkerServerParts {
  readonly checkDatabase: () => Promise<boolean>;
  readonly metrics: GatewayMetrics;
  readonly log: Logger;
}

/** Health and metrics of a worker, served. */
export interface WorkerServer {
  readonly url: string;
  /** Announces that the worker stops, and continues to serve. */
  readonly announceStop: () => void;
  readonly close: () => Promise<void>;
}

/**
 * Serves what operators ask a worker for, and nothing else.
 * @throws StartupError when the port cannot be had
 */
export async function startWorkerServer(
  { checkDatabase, metrics, log }: WorkerServerParts,
  host: string,
  port: number,
): Promise<WorkerServer> {
  let isStopping = false;
  const isDraining = (): boolean => isStopping;
  const router = createRouter(operatorRoutes({ checkDatabase, isDraining, metrics }));
  const handle = requestHandler({ router, cors: corsPolicy([], []), isDraining, log, metrics });
  const server = createServer(SLOW_CLIENTS, handle);
  server.maxHeadersCount = MAX_HEADERS_READ;
  measureRequests(server, router, metrics);
  const exchanges = followExchanges(server);
  answerBrokenRequests(server, exchanges);
  answerUpgrades(server, exchanges, new Map());
  const url = await listen(server, host, port, 'WORKER_PORT');
  return {
    url,
    announceStop: () => {
      isStopping = true;
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
