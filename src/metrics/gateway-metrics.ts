import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { CachedProbe } from './cached-probe.js';
import { withDeprecatedNames } from './deprecated-names.js';

/** What is asked of other parts when the metrics are read. */
export interface MetricSources {
  readonly pool: () => { readonly total: number; readonly idle: number; readonly waiting: number };
  /** Provisioning jobs that wait and run. */
  readonly openJobs: () => Promise<OpenJobs>;
  /** How large each table is, with its indexes. */
  readonly tableBytes: () => Promise<ReadonlyMap<string, number>>;
}

interface OpenJobs {
  readonly queued: number;
  readonly running: number;
  /** Seconds for which the job has been due that has been so longest; 0 when none is. */
  readonly oldestDueSeconds: number;
}

/** What runs. */
export interface BuildInfo {
  readonly version: string;
  /** Its commit, where it is known. */
  readonly revision: string;
}

/** A request that was answered, or whose client went away before. */
interface EndedRequest {
  readonly method: string;
  /** The path of a route, with the names of its places: `/network/device/:id`. */
  readonly route: string;
  /** `2xx` and so on, or `aborted`. */
  readonly status: string;
  readonly seconds: number;
}

/** How the attempt of a provisioning job ended, in words for the label. */
const ATTEMPT_OUTCOMES = {
  APPLIED: 'applied',
  FAILED: 'failed',
  QUEUED: 'to_be_retried',
  RELEASED: 'broken_off',
} as const;

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SAMPLE_AGE_MS = 5_000;
const SAMPLE_TIMEOUT_MS = 1_000;
/** Sizes of tables take a look at every file of theirs, and change slowly. */
const SIZES_AGE_MS = 60_000;

/**
 * The metrics of one gateway, in a registry of their own. A label never holds what a client sent or what names a customer,
 * a device or a person: labels are public within the operator's network, and each value costs memory for good.
 */
export class GatewayMetrics {
  readonly #registry = new Registry();
  readonly #requestSeconds = this.#histogram('http_request_duration_seconds', 'From request to answer.', [
    'method',
    'route',
    'status',
  ]);
  #inFlight = 0;
  readonly #operations = this.#counter(
    'graphql_operations_total',
    'GraphQL operations, by first error code.',
    ['type', 'outcome'],
  );
  readonly #errors = this.#counter('device_gateway_errors_total', 'Errors in answers, by code.', ['code']);
  readonly #statementSeconds = this.#histogram(
    'database_statement_duration_seconds',
    'Statements, with the wait for a connection.',
    ['statement'],
  );
  readonly #attempts = this.#counter(
    'provisioning_tries_total',
    'Attempts of provisioning jobs by this process.',
    ['outcome'],
  );
  readonly #failedJobs = this.#counter(
    'provisioning_jobs_failed_total',
    'Provisioning jobs that this process saw fail for good.',
    ['why'],
  );
  readonly #subscriptions = this.#gauge('subscriptions_open', 'Subscriptions that are being served.');

  readonly #removed = this.#counter(
    'device_gateway_removed_total',
    'Rows that were removed when their time was over.',
    ['what'],
  );

  readonly #issuerFailures = this.#counter(
    'device_gateway_issuer_failures_total',
    'Times that the issuer of tokens was asked and did not answer.',
  );

  readonly #websockets = this.#gauge('websocket_connections_open', 'Connections of WebSocket clients.');
  readonly #eventStreams = this.#gauge('event_streams_open', 'Subscriptions by server-sent events.');

  constructor({ pool, openJobs, tableBytes }: MetricSources, { version, revision }: BuildInfo) {
    collectDefaultMetrics({ register: this.#registry });
    const help = 'What runs; the value is always 1.';
    this.#gauge('device_gateway_build_info', help, ['version', 'revision', 'node'], (gauge) =>
      gauge.set({ version, revision, node: process.version }, 1),
    );
    this.#addPool(pool);
    this.#addJobs(openJobs);
    this.#addTables(tableBytes);
  }

  #addPool(pool: MetricSources['pool']): void {
    this.#gauge('http_requests_in_flight', 'Requests that are being answered.', [], (gauge) =>
      gauge.set(this.#inFlight),
    );
    this.#gauge('database_connections', 'Connections of the pool.', ['state'], (gauge) => {
      const { total, idle } = pool();
      gauge.set({ state: 'idle' }, idle);
      gauge.set({ state: 'busy' }, total - idle);
    });
    this.#gauge('database_waiting', 'Statements that wait for a connection.', [], (gauge) =>
      gauge.set(pool().waiting),
    );
  }

  #addJobs(openJobs: MetricSources['openJobs']): void {
    const sample = new CachedProbe(openJobs, SAMPLE_AGE_MS, SAMPLE_TIMEOUT_MS);
    const help = 'Provisioning jobs of all gateways; not there while the database is away.';
    this.#gauge('provisioning_jobs_open', help, ['state'], async (gauge) => {
      const jobs = await sample.take();
      gauge.reset();
      if (jobs === undefined) return;
      gauge.set({ state: 'queued' }, jobs.queued);
      gauge.set({ state: 'running' }, jobs.running);
    });
    const oldest =
      'How long the job has been due that has been so longest; not there while the database is away.';
    this.#gauge('device_gateway_oldest_due_job_age_seconds', oldest, [], async (gauge) => {
      const jobs = await sample.take();
      // A gauge without labels cannot be left out; one that is not a number fires no alert.
      gauge.set(jobs?.oldestDueSeconds ?? NaN);
    });
  }

  #addTables(tableBytes: MetricSources['tableBytes']): void {
    const sizes = new CachedProbe(tableBytes, SIZES_AGE_MS, SAMPLE_TIMEOUT_MS);
    const help = 'Size of each table with its indexes; not there while the database is away.';
    this.#gauge('device_gateway_table_bytes', help, ['table'], async (gauge) => {
      gauge.reset();
      for (const [table, bytes] of (await sizes.take()) ?? []) gauge.set({ table }, bytes);
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The metrics as text, as Prometheus reads it. */
  async print(): Promise<string> {
    return withDeprecatedNames(await this.#registry.metrics());
  }

  requestBegan(): void {
    this.#inFlight += 1;
  }

  requestEnded({ seconds, method, route, status }: EndedRequest): void {
    this.#inFlight -= 1;
    this.#requestSeconds.observe({ method, route, status }, seconds);
  }

  /**
   * Counts an operation of GraphQL: over HTTP when it is answered, a subscription when it ends or is refused.
   * @param type query, mutation, subscription, or unknown
   * @param codes the codes of its errors, or of those that ended it
   */
  operationEnded(type: string, codes: readonly string[]): void {
    this.#operations.inc({ type, outcome: codes[0] ?? 'OK' });
    for (const code of codes) this.#errors.inc({ code });
  }

  /** Counts an error that ended no operation: of the REST page, of a request before its operation ran, in a subscription's event. */
  errorAnswered(code: string): void {
    this.#errors.inc({ code });
  }

  /** The issuer of tokens did not answer. */
  issuerFailed(): void {
    this.#issuerFailures.inc();
  }

  statementEnded(statement: string, seconds: number): void {
    this.#statementSeconds.observe({ statement }, seconds);
  }

  /** @param why of a job that failed for good with this attempt */
  attemptEnded({
    state,
    why,
  }: {
    readonly state: keyof typeof ATTEMPT_OUTCOMES;
    readonly why?: string;
  }): void {
    this.#attempts.inc({ outcome: ATTEMPT_OUTCOMES[state] });
    if (why !== undefined) this.#failedJobs.inc({ why });
  }

  /** Counts what was removed because it was kept for as long as it is. */
  removed(what: string, count: number): void {
    this.#removed.inc({ what }, count);
  }

  subscriptionOpened(): void {
    this.#subscriptions.inc();
  }

  subscriptionClosed(): void {
    this.#subscriptions.dec();
  }

  websocketOpened(): void {
    this.#websockets.inc();
  }

  websocketClosed(): void {
    this.#websockets.dec();
  }

  eventStreamOpened(): void {
    this.#eventStreams.inc();
  }

  eventStreamClosed(): void {
    this.#eventStreams.dec();
  }

  #counter(name: string, help: string, labelNames: readonly string[] = []): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #histogram(name: string, help: string, labelNames: readonly string[]): Histogram {
    return new Histogram({ name, help, labelNames, buckets: SECONDS, registers: [this.#registry] });
  }

  /** @param read called when the metrics are read */
  #gauge(
    name: string,
    help: string,
    labelNames: readonly string[] = [],
    read?: (gauge: Gauge) => void | Promise<void>,
  ): Gauge {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      ...(read && { collect: async () => await read(gauge) }),
    });
    return gauge;
  }
}
