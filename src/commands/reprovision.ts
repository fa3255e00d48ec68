import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openReprovision, type ReprovisionApp } from '../app/reprovision-app.js';
import { loadSettings } from '../config/settings.js';
import { idOrNone } from '../domain/id.js';
import { ownRequestId } from '../domain/request-id.js';
import { GatewayError } from '../errors/gateway-error.js';
import { StartupError } from '../errors/startup-error.js';
import { createLog } from '../logging/log.js';
import type { ReprovisionRequest } from '../operations/reprovision-devices.js';
import { runCommand } from './run-command.js';
import { shutdownSignal } from './shutdown-signal.js';

const USAGE = `Usage: npm run reprovision -- (--failed | --all) [--customer ID] [--rate N] [--after ID] [--dry-run]
Sends settings again to devices whose newest job failed, or to all of them: N a second (10; from 0.1 to 1000), in order of id.
--customer only those of a customer; --after only those behind an id; --dry-run only counts.`;

const DEFAULT_RATE = '10';

/** Sends settings again to many devices, slowly; docs/operations/backup.md says when that is needed. */
await runCommand(async () => {
  const { isDryRun, ...request } = readOptions();
  const app = await openReprovision(loadSettings(), createLog('warn'), request);
  try {
    const count = await app.count();
    const minutes = Math.ceil(count / request.perSecond / 60);
    // Those that an earlier run did are counted too.
    const atMost = request.afterId === undefined ? '' : 'At most ';
    process.stdout.write(`${atMost}${count} devices, ${request.perSecond} a second: ${minutes} minutes.\n`);
    if (!isDryRun) await reprovision(app, count);
  } finally {
    await app.close();
  }
});

async function reprovision(app: ReprovisionApp, count: number): Promise<void> {
  const abort = new AbortController();
  void shutdownSignal().then(() => abort.abort());
  const startedAt = performance.now();
  let last = '';
  const waitUntil = async (millisecond: number): Promise<boolean> => {
    const waitMs = startedAt + millisecond - performance.now();
    if (waitMs > 0) await delay(waitMs, undefined, { signal: abort.signal }).catch(() => undefined);
    return !abort.signal.aborted;
  };
  const onProgress = (done: number, lastId: string): void => {
    last = lastId;
    if (done % 1_000 === 0) process.stderr.write(`${done} of ${count} devices\n`);
  };
  const goOn = (): string => `What was done stays done; go on${last === '' ? '' : ` with --after ${last}`}.`;
  try {
    const { sent, skipped, isComplete } = await app.run({ waitUntil, onProgress });
    process.stdout.write(`${sent} devices are sent their settings, ${skipped} were deleted meanwhile.\n`);
    if (!isComplete) throw new StartupError(`Interrupted. ${goOn()}`);
  } catch (error) {
    const isForeign = !(error instanceof GatewayError) || error.code === 'INTERNAL_ERROR';
    throw isForeign ? error : new StartupError(`The database went away. ${goOn()}`);
  }
}

function readOptions(): ReprovisionRequest & { readonly isDryRun: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        failed: { type: 'boolean', default: false },
        all: { type: 'boolean', default: false },
        customer: { type: 'string' },
        after: { type: 'string' },
        rate: { type: 'string', default: DEFAULT_RATE },
        'dry-run': { type: 'boolean', default: false },
      },
    });
    const perSecond = Number(values.rate);
    const ids = [values.customer, values.after].filter((id) => id !== undefined);
    const isRight =
      values.failed !== values.all &&
      ids.every((id) => idOrNone(id) !== '') &&
      perSecond >= 0.1 &&
      perSecond <= 1_000;
    if (isRight) {
      return {
        onlyFailed: values.failed,
        customerId: values.customer && idOrNone(values.customer),
        afterId: values.after && idOrNone(values.after),
        perSecond,
        requestId: ownRequestId(randomUUID()),
        isDryRun: values['dry-run'],
      };
    }
  } catch {
    // An unknown option gets the usage as well.
  }
  throw new StartupError(USAGE);
}
