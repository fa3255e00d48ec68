import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { ChangeHub } from '../live/change-hub.js';
import type { GatewayMetrics } from '../metrics/gateway-metrics.js';
import type { DeviceChanges } from '../operations/watch-network-devices.js';
import { type ChangeFeed, startChangeFeed } from '../persistence/changes/change-feed.js';
import { deviceLists } from '../persistence/devices/device-lists.js';
import { findEndedDevices } from '../persistence/devices/ended-devices.js';
import type { Storage } from '../persistence/setup/open-storage.js';

/** How long the start waits until the feed listens; subscriptions before are refused. */
const FEED_PATIENCE_MS = 2_000;

/** What delivers changes to subscribers. */
export interface LiveChanges {
  readonly changes: DeviceChanges;
  readonly feed: ChangeFeed;
  readonly stop: () => Promise<void>;
}

/** Starts to listen for changes, and waits a little for the first reading. @param onJob there may be a new provisioning job */
export async function openLiveChanges(
  { database, url }: Storage,
  log: Logger,
  heartbeatMs: number,
  onJob: () => void,
): Promise<LiveChanges> {
  const { findMany } = deviceLists(database);
  const hub = new ChangeHub({
    read: async (ids) => await findMany({ kind: 'all' }, ids, 'whole'),
    readEnded: async (ids) => await findEndedDevices(database, ids),
    isFed: () => feed.hasStarted(),
    log,
  });
  const feed: ChangeFeed = startChangeFeed({
    url,
    run: database.run,
    handlers: {
      isWatched: () => hub.isWatched(),
      onChanges: (deviceIds) => hub.changed(deviceIds),
      onJob,
      onGap: () => hub.missedChanges(),
    },
    log,
    heartbeatMs,
  });
  const patience = new AbortController();
  const { signal } = patience;
  await Promise.race([feed.started, delay(FEED_PATIENCE_MS, undefined, { signal }).catch(() => undefined)]);
  patience.abort();
  return {
    changes: hub,
    feed,
    stop: async () => {
      hub.stop();
      await feed.stop();
    },
  };
}

/** Counts the subscriptions whose end is known, which is all that clients have. */
export function countedChanges({ watch }: DeviceChanges, metrics: GatewayMetrics): DeviceChanges {
  return {
    watch: (request) => {
      const changes = watch(request);
      const signal = request.lifetime?.signal;
      if (signal?.aborted === false) {
        metrics.subscriptionOpened();
        signal.addEventListener('abort', () => metrics.subscriptionClosed(), { once: true });
      }
      return changes;
    },
  };
}
