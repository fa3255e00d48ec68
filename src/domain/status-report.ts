import { isIPv6, parseIPv4 } from './addresses.js';
import type { DeviceStatus } from './device-status.js';
import { type RuleViolation, violation } from './violation.js';
import { parseDateTime } from './date-time.js';
import { networkTypeCodeOf } from './network-type.js';
import { simStatusCodeOf } from './sim-status.js';
import { codePoints, isCleanLine } from './text.js';

/** What each field of a report holds, in the order of the input's fields. */
export const REPORT_FIELDS = {
  lastComm: 'text',
  online: 'flag',
  lanIp: 'text',
  subnetMask: 'text',
  gateway: 'text',
  wanIp: 'text',
  publicIp: 'text',
  upTime: 'int',
  dns: 'text',
  dns2: 'text',
  ipv6: 'text',
  ipv6Dns: 'text',
  ipv6Dns2: 'text',
  simStatus: 'text',
  networkType: 'text',
  signalStrength: 'int',
  ssSignalStrength: 'int',
  uplinkRate: 'int',
  downlinkRate: 'int',
  connectionTime: 'int',
} as const;

type ReportFields = typeof REPORT_FIELDS;

interface ValueOf {
  readonly text: string;
  readonly flag: boolean;
  readonly int: number;
}

/** What is reported of a device, as it was sent. Absent leaves a value, null and the empty text clear it. */
export type StatusReport = {
  readonly [Name in keyof ReportFields]?: ValueOf[ReportFields[Name]] | null;
};

/** A report in normal form: the values that it changes. It always says when the device was communicated with. */
export interface StatusPatch
  extends Pick<DeviceStatus, 'lastComm'>, Partial<Omit<DeviceStatus, 'provisioned' | 'lastComm'>> {}

interface Rule {
  readonly holds: (value: unknown) => boolean;
  readonly message: string;
}

function textRule(holds: (text: string) => boolean, message: string): Rule {
  return { holds: (value) => typeof value === 'string' && holds(value), message };
}

function numberRule(max: number, message: string): Rule {
  return { holds: (value) => typeof value === 'number' && value >= 0 && value <= max, message };
}

const MAX_CODE = 64;

/** How far the clock of whoever reports may be ahead of ours, in milliseconds. A later moment is wrong. */
export const CLOCK_TOLERANCE_MS = 5 * 60_000;

const IPV4 = textRule((text) => parseIPv4(text) !== undefined, 'Not an IPv4 address as a dotted quad.');
const IPV6 = textRule(isIPv6, 'Not an IPv6 address.');
const CODE = textRule(
  (text) => codePoints(text) <= MAX_CODE && isCleanLine(text),
  `A code has at most ${MAX_CODE} characters and no control characters.`,
);
const COUNT = numberRule(Number.MAX_SAFE_INTEGER, 'Not less than 0.');
const STRENGTH = numberRule(100, 'From 0 to 100.');

/** The rules of a report's values, in the order of the input's fields. */
const RULES: Readonly<Record<Exclude<keyof StatusReport, 'online'>, Rule>> = {
  lastComm: textRule(
    (text) => parseDateTime(text) !== undefined,
    'Not a moment of RFC 3339, e.g. "2025-01-01T00:00:00Z".',
  ),
  lanIp: IPV4,
  subnetMask: IPV4,
  gateway: IPV4,
  wanIp: IPV4,
  publicIp: IPV4,
  upTime: COUNT,
  dns: IPV4,
  dns2: IPV4,
  ipv6: IPV6,
  ipv6Dns: IPV6,
  ipv6Dns2: IPV6,
  simStatus: CODE,
  networkType: CODE,
  signalStrength: STRENGTH,
  ssSignalStrength: STRENGTH,
  uplinkRate: COUNT,
  downlinkRate: COUNT,
  connectionTime: COUNT,
};

/**
 * Every rule that a report breaks, in the order of the input's fields. What clears a value breaks none.
 * @param now the moment that `lastComm` is compared with
 */
export function reportViolations(report: StatusReport, now: Date): RuleViolation[] {
  const values = new Map<string, unknown>(Object.entries(report));
  const violations = Object.entries(RULES)
    .filter(([field, { holds }]) => !isClearing(values.get(field) ?? null) && !holds(values.get(field)))
    .map(([field, { message }]) => violation(field, message));
  return isAhead(report.lastComm, now) ? [AHEAD, ...violations] : violations;
}

const AHEAD = violation('lastComm', 'More than 5 minutes ahead of the clock of the gateway.');

function isAhead(lastComm: string | null | undefined, now: Date): boolean {
  const moment = parseDateTime(lastComm ?? '')?.getTime() ?? -Infinity;
  return moment > now.getTime() + CLOCK_TOLERANCE_MS;
}

/**
 * A report without violations in normal form: codes for names, null for the empty text.
 * @param now when the device was communicated with, for a report that does not say
 */
export function toStatusPatch(report: StatusReport, now: Date): StatusPatch {
  const { lastComm, upTime, simStatus, networkType, uplinkRate, downlinkRate, connectionTime, ...same } =
    report;
  return {
    ...withoutEmptyTexts(same),
    lastComm: lastComm === undefined ? now : (parseDateTime(lastComm ?? '') ?? null),
    ...(upTime !== undefined && { upTimeSeconds: upTime }),
    ...(simStatus !== undefined && { simStatusCode: codeOf(simStatus, simStatusCodeOf) }),
    ...(networkType !== undefined && { networkTypeCode: codeOf(networkType, networkTypeCodeOf) }),
    ...(uplinkRate !== undefined && { uplinkRateKbps: uplinkRate }),
    ...(downlinkRate !== undefined && { downlinkRateKbps: downlinkRate }),
    ...(connectionTime !== undefined && { connectionSeconds: connectionTime }),
  };
}

/** One of several reports of a device that are applied at once. */
interface StatusStep {
  /** The step counts unless the device is known at a later moment; null counts in any case. */
  readonly at: Date | null;
  readonly patch: StatusPatch;
}

/** The reports of one device in one call, as they are applied at once. */
export interface StatusUpdate {
  /** What they change together, on a device that is not known at a later moment than any of them. */
  readonly patch: StatusPatch;
  /** Those that count, in their order; their moments rise. */
  readonly steps: readonly StatusStep[];
}

/** Joins reports of one device, which apply in their order: one that is older than a report before it changes nothing. */
export function joinReports(patches: readonly [StatusPatch, ...StatusPatch[]]): StatusUpdate {
  const [first, ...others] = patches;
  const steps: StatusStep[] = [{ at: first.lastComm, patch: first }];
  let joined = first;
  for (const patch of others) {
    if (isOlder(patch.lastComm, joined.lastComm)) continue;
    // Once a report has cleared the moment, nothing that was known before counts any more.
    const isCleared = steps.at(-1)?.at === null || patch.lastComm === null;
    steps.push({ at: isCleared ? null : patch.lastComm, patch });
    joined = { ...joined, ...patch };
  }
  return { patch: joined, steps };
}

function isOlder(moment: Date | null, known: Date | null): boolean {
  return moment !== null && known !== null && moment < known;
}

/** Devices report what they do not have as the empty text. */
function isClearing(value: unknown): value is null | '' {
  return value === null || value === '';
}

function withoutEmptyTexts<T extends object>(values: T): T {
  const normal = { ...values };
  for (const field in normal) {
    if (isClearing(normal[field])) Object.assign(normal, { [field]: null });
  }
  return normal;
}

/** A code that nobody knows is kept as it is: a later release may know it. */
function codeOf(text: string | null, codeOfName: (name: string) => string | undefined): string | null {
  return isClearing(text) ? null : (codeOfName(text) ?? text);
}
