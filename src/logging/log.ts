import { type DestinationStream, type Logger, pino } from 'pino';
import { isoText } from '../domain/date-time.js';
import { CATALOGUE } from '../errors/catalogue.js';
import type { GatewayError } from '../errors/gateway-error.js';
import { describeCause } from './cause.js';
import { loggable } from './loggable.js';
import { stdoutByTurn } from './stdout-by-turn.js';

export { describeCause } from './cause.js';

/**
 * The log of the process: one JSON object a line on stdout. Nothing that a client sent as input is ever given to it;
 * should it be all the same, `loggable` keeps out what can be recognised.
 */
export function createLog(level: string, destination: DestinationStream = stdoutByTurn()): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${isoText(new Date())}"`,
      formatters: { level: (label) => ({ level: label }) },
      hooks: {
        logMethod([first, ...rest], method) {
          // Without a message of its own the line would get that of the error.
          const message = first instanceof Error && rest.length === 0 ? ['unforeseen fault'] : rest;
          Reflect.apply(method, this, [loggable(first), ...message]);
        },
      },
    },
    destination,
  );
}

/** Logs why a request failed, at the level that the catalogue gives this kind of error. */
export function logFailure(log: Logger, error: GatewayError, requestId: string): void {
  const deviceId = loggableId(error.facts.deviceId);
  const cause = error.cause === undefined ? undefined : describeCause(error.cause);
  log[CATALOGUE[error.code].logLevel]({ requestId, code: error.code, deviceId, cause }, 'request failed');
}

/** An id that is none can be any text that a client sent. */
function loggableId(id: string | undefined): string | undefined {
  return id === undefined || /^[0-9a-f]{24}$/.test(id) ? id : 'not an id';
}

/** Dotted paths of passwords by the id of the device, e.g. `wifi.password5G`, in the order in which they were read. */
export type PasswordsOfDevices = ReadonlyMap<string, readonly string[]>;

/** WiFi passwords were read. */
export interface ReadPasswords {
  readonly requestId: string;
  /** Id of the employee or machine. */
  readonly subject: string;
  readonly accessLevel: string | null;
  /** By the version of the device that they are of; undefined for the device as it is. */
  readonly byVersion: ReadonlyMap<number | undefined, PasswordsOfDevices>;
}

/** Maximum number of devices in one line of the log; a request that reads the passwords of more has more lines. */
const MAX_DEVICES_IN_LINE = 1_000;

/** Logs who read which WiFi passwords: one line for all of a request, with the devices of the same fields side by side. */
export function logReadPasswords(
  log: Logger,
  { requestId, subject, accessLevel, byVersion }: ReadPasswords,
): void {
  const devices = [...byVersion].flatMap(([version, ofDevices]) =>
    [...ofDevices].map(([deviceId, fields]) => ({ version, deviceId, fields })),
  );
  for (let start = 0; start < devices.length; start += MAX_DEVICES_IN_LINE) {
    const reads = readsOf(devices.slice(start, start + MAX_DEVICES_IN_LINE));
    log.info({ event: 'wifi_password_read', requestId, subject, accessLevel, reads }, 'wifi passwords read');
  }
}

interface ReadsOfDevice {
  readonly version: number | undefined;
  readonly deviceId: string;
  readonly fields: readonly string[];
}

function readsOf(devices: readonly ReadsOfDevice[]): readonly object[] {
  const groups = new Map<string, Omit<ReadsOfDevice, 'deviceId'> & { readonly deviceIds: string[] }>();
  for (const { version, deviceId, fields } of devices) {
    const key = `${version ?? ''} ${fields.join()}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { version, fields, deviceIds: [deviceId] });
    else group.deviceIds.push(deviceId);
  }
  return [...groups.values()];
}
