import type { Logger } from 'pino';
import type { Viewer } from '../../access/viewer.js';
import { assertMayUseGateway } from '../../access/refusals.js';
import { type Credential, viewerOf } from '../../auth/credential.js';
import type { CreateModelParts } from '../../operations/create-device-model.js';
import type { FindJobs } from '../../operations/read-provisioning-jobs.js';
import type { ReportParts } from '../../operations/report-device-status.js';
import type { ReplaceParts } from '../../operations/replace-network-device.js';
import type { RevertParts } from '../../operations/revert-network-device.js';
import type { CreateParts } from '../../operations/create-network-device.js';
import type { DeleteParts } from '../../operations/delete-network-device.js';
import type { SyncParts } from '../../operations/sync-customers.js';
import type { DeviceChanges, SubscriptionLifetime } from '../../operations/watch-network-devices.js';
import type { CustomerLists } from '../../persistence/devices/customer-lists.js';
import type { DeviceLists } from '../../persistence/devices/device-lists.js';
import type { Metered } from './answer-meter.js';
import type { HoldsLists } from './held-lists.js';

/** What the operations work with; app.ts puts it together. */
export interface GatewayParts
  extends CreateParts, ReplaceParts, RevertParts, DeleteParts, ReportParts, CreateModelParts, SyncParts {
  readonly deviceLists: DeviceLists;
  readonly customerLists: CustomerLists;
  readonly findJobs: FindJobs;
  readonly changes: DeviceChanges;
}

/** What the resolvers of one request share. */
export interface GatewayContext extends Metered, HoldsLists {
  readonly requestId: string;
  readonly credential: Credential;
  readonly parts: GatewayParts;
  readonly log: Logger;
  /** How long a subscription lasts; undefined where whoever executes it ends it. */
  readonly lifetime?: SubscriptionLifetime;
}

/**
 * The viewer of the request; every root field asks for it first, but for the one that a scope opens.
 * @throws UNAUTHENTICATED without a valid token, ACCESS_DENIED for a level that may nothing
 */
export function requireViewer({ credential }: GatewayContext): Viewer {
  const viewer = viewerOf(credential);
  assertMayUseGateway(viewer);
  return viewer;
}
