import type { Viewer } from '../../../access/viewer.js';
import { shownId } from '../../../domain/id.js';
import { withDeviceId } from '../../../errors/with-device-id.js';
import type { DeviceView, IdentityView } from '../../../operations/device-view.js';
import { onceOnly } from '../../../operations/once-only.js';
import type { WriteRequest } from '../../../operations/write-device.js';
import { type GatewayContext, requireViewer } from '../../request/context.js';
import { NetworkDevice } from '../types/network-device.js';

/** A call of a mutation of one device, as a client made it. */
interface MutationCall {
  /** Name of the mutation in the schema. */
  readonly mutation: string;
  readonly id: string;
  /** Its own arguments, the defaults of absent ones filled in: what a repeat with the same idempotency key is compared by. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly idempotencyKey: string | null | undefined;
  /** Absent for a mutation that has no dry run. */
  readonly dryRun?: boolean | null;
}

/** What the operation is asked for beside the mutation's own arguments. */
interface CommonRequest extends WriteRequest {
  readonly dryRun: boolean;
}

/**
 * Runs a mutation of one device; every error names the device.
 * @param operate calls the operation
 * @throws UNAUTHENTICATED, ACCESS_DENIED for a level that may nothing, INVALID_VALUE for a key that cannot be one, and what
 *   the operation throws
 */
export async function mutateDevice(
  context: GatewayContext,
  { mutation, id, args, idempotencyKey, dryRun }: MutationCall,
  operate: (viewer: Viewer, request: CommonRequest) => Promise<DeviceView | IdentityView>,
): Promise<NetworkDevice> {
  return await withDeviceId(shownId(id), async () => {
    const viewer = requireViewer(context);
    const isDry = dryRun === true;
    const once = onceOnly(idempotencyKey, isDry, mutation, { id, ...args });
    const request = { id, dryRun: isDry, requestId: context.requestId, once };
    return new NetworkDevice(await operate(viewer, request));
  });
}
