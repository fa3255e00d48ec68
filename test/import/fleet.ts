import { newId, newMac } from '../support/gateway.js';

export const CAPABILITIES = { wifi: true, wifi2G: true, wifi5G: true, wifi6G: true, simSupport: true };

/** A fleet of one customer, one model, and devices that differ from a good one as a test wants. */
export function fleet(...devices: readonly Record<string, unknown>[]) {
  const customer = newId();
  const model = newId();
  return {
    customers: [{ id: customer, name: 'Imported' }],
    deviceModels: [{ id: model, name: 'NX', type: 'ROUTER', capabilities: CAPABILITIES }],
    networkDevices: devices.map((changes) => ({
      id: newId(),
      customer,
      model,
      state: 'ACTIVE',
      name: 'Imported',
      macAddress: newMac(),
      ...changes,
    })),
  };
}
