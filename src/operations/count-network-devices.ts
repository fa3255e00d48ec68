import { readReach } from '../access/reach.js';
import type { Viewer } from '../access/viewer.js';
import type { DeviceCounts } from '../domain/device-counts.js';
import type { DeviceLists } from '../persistence/devices/device-lists.js';
import { readFilter, type RequestedFilter } from './device-filter.js';

/**
 * How many devices within reach fit a filter, all and by what they are; at most 100,000 of them are counted.
 * @throws INVALID_VALUE for a filter that makes no sense
 */
export async function countNetworkDevices(
  lists: Pick<DeviceLists, 'counts'>,
  viewer: Viewer,
  filter: RequestedFilter,
): Promise<DeviceCounts> {
  return await lists.counts(readReach(viewer), readFilter(filter));
}
