import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeviceSettings } from '../../src/domain/device.js';
import { applyPatch, type DevicePatch } from '../../src/domain/device-patch.js';
import { anyPatch, goodSettings } from './settings-arbitraries.js';

const RUNS = { numRuns: 1000 };

const bare = (mac: string): string => mac.toLowerCase().replace(/[^0-9a-f]/g, '');

/** Absent leaves, null clears, a value sets. */
function patched<T>(
  holder: object | null,
  key: string,
  current: T,
  cleared: T,
  wish: T | null | undefined,
): T {
  if (holder === null || !Object.hasOwn(holder, key)) return current;
  return wish ?? cleared;
}

/** The contract's "What an update does", written a second time: field by field, without a loop. */
function model(state: DeviceSettings, patch: DevicePatch): DeviceSettings {
  return {
    name: patch.name === undefined || patch.name === null ? state.name : patch.name.trim().normalize('NFC'),
    notes: patched(patch, 'notes', state.notes, null, patch.notes),
    macAddress:
      patch.macAddress === undefined || patch.macAddress === null ? state.macAddress : bare(patch.macAddress),
    serialNumber: patched(patch, 'serialNumber', state.serialNumber, null, patch.serialNumber?.trim()),
    mvnoAccount: patched(patch, 'mvnoAccount', state.mvnoAccount, null, patch.mvnoAccount?.toLowerCase()),
    wifi: modelWifi(state.wifi, patch.wifi),
    dhcp: modelDhcp(state.dhcp, patch.dhcp),
  };
}

function modelWifi(old: DeviceSettings['wifi'], wish: DevicePatch['wifi']): DeviceSettings['wifi'] {
  if (wish === undefined) return old;
  if (wish === null) return null;
  return {
    enabled: patched(wish, 'enabled', old?.enabled ?? false, false, wish.enabled),
    ssid: patched(wish, 'ssid', old?.ssid ?? null, null, wish.ssid),
    password: patched(wish, 'password', old?.password ?? null, null, wish.password),
    enabled5G: patched(wish, 'enabled5G', old?.enabled5G ?? false, false, wish.enabled5G),
    ssid5G: patched(wish, 'ssid5G', old?.ssid5G ?? null, null, wish.ssid5G),
    password5G: patched(wish, 'password5G', old?.password5G ?? null, null, wish.password5G),
    enabled6G: patched(wish, 'enabled6G', old?.enabled6G ?? false, false, wish.enabled6G),
    ssid6G: patched(wish, 'ssid6G', old?.ssid6G ?? null, null, wish.ssid6G),
    password6G: patched(wish, 'password6G', old?.password6G ?? null, null, wish.password6G),
    bandsteering: patched(wish, 'bandsteering', old?.bandsteering ?? false, false, wish.bandsteering),
  };
}

function modelDhcp(old: DeviceSettings['dhcp'], wish: DevicePatch['dhcp']): DeviceSettings['dhcp'] {
  if (wish === undefined) return old;
  if (wish === null) return null;
  const list = wish.reservedClients?.map((client) => {
    const known = old?.reservedClients.find(({ mac }) => mac === bare(client.mac));
    const id = Object.hasOwn(client, 'id') ? client.id : known?.id;
    return { mac: bare(client.mac), ip: client.ip, enable: client.enable, id: id ?? null };
  });
  return {
    enable: patched(wish, 'enable', old?.enable ?? false, false, wish.enable),
    ipPoolStart: patched(wish, 'ipPoolStart', old?.ipPoolStart ?? null, null, wish.ipPoolStart),
    ipPoolEnd: patched(wish, 'ipPoolEnd', old?.ipPoolEnd ?? null, null, wish.ipPoolEnd),
    leaseTime: patched(wish, 'leaseTime', old?.leaseTime ?? null, null, wish.leaseTime),
    primaryDnsServer: patched(
      wish,
      'primaryDnsServer',
      old?.primaryDnsServer ?? null,
      null,
      wish.primaryDnsServer,
    ),
    reservedClients: patched(wish, 'reservedClients', old?.reservedClients ?? [], [], list),
  };
}

/** Whether a patch names one client once only; what a list with twins means, the rules forbid. */
function hasNoTwins({ dhcp }: DevicePatch): boolean {
  const macs = dhcp?.reservedClients?.map(({ mac }) => bare(mac)) ?? [];
  return new Set(macs).size === macs.length;
}

describe('applyPatch does what the contract says of absent, null and a value, for any state and patch', () => {
  it('gives what a second reading of the contract gives', () => {
    fc.assert(
      fc.property(goodSettings, anyPatch, (state, patch) => {
        expect(applyPatch(state, patch)).toEqual(model(state, patch));
      }),
      RUNS,
    );
  });

  it('leaves every field that the patch does not name as it was', () => {
    fc.assert(
      fc.property(goodSettings, anyPatch, (state, patch) => {
        const after = applyPatch(state, patch);
        for (const field of ['name', 'notes', 'macAddress', 'wifi', 'dhcp'] as const) {
          if (!Object.hasOwn(patch, field)) expect(after[field]).toEqual(state[field]);
        }
        for (const section of ['wifi', 'dhcp'] as const) {
          const [wish, before] = [patch[section], state[section]];
          if (wish === undefined || wish === null || before === null) continue;
          const untouched = Object.entries(before).filter(([field]) => !Object.hasOwn(wish, field));
          expect(after[section]).toMatchObject(Object.fromEntries(untouched));
        }
      }),
      RUNS,
    );
  });

  it('gives the same when it is applied twice', () => {
    fc.assert(
      fc.property(goodSettings, anyPatch.filter(hasNoTwins), (state, patch) => {
        const once = applyPatch(state, patch);
        expect(applyPatch(once, patch)).toEqual(once);
      }),
      RUNS,
    );
  });

  it('changes nothing with an empty patch, nor with the state itself', () => {
    fc.assert(
      fc.property(goodSettings, (state) => {
        expect(applyPatch(state, {})).toEqual(state);
        expect(applyPatch(state, state)).toEqual(state);
      }),
      RUNS,
    );
  });

  it('leaves what it was given untouched', () => {
    fc.assert(
      fc.property(goodSettings, anyPatch, (state, patch) => {
        const [stateBefore, patchBefore] = [structuredClone(state), structuredClone(patch)];
        applyPatch(state, patch);
        expect(state).toEqual(stateBefore);
        expect(patch).toEqual(patchBefore);
      }),
    );
  });
});
