import type { IncomingHttpHeaders } from 'node:http';
import type { Logger } from 'pino';
import { assertMayUseGateway } from '../access/refusals.js';
import type { Viewer } from '../access/viewer.js';
import { viewerOf } from '../auth/credential.js';
import type { Device } from '../domain/device.js';
import { parseId } from '../domain/id.js';
import { WIFI_PASSWORD_FIELDS } from '../domain/wifi.js';
import { withDeviceId } from '../errors/with-device-id.js';
import { CATALOGUE } from '../errors/catalogue.js';
import { GatewayError } from '../errors/gateway-error.js';
import { toExtensions } from '../errors/wire.js';
import type { ConcurrencyGate } from '../limits/concurrency-gate.js';
import { logFailure, logReadPasswords } from '../logging/log.js';
import type { ChangeParts } from '../operations/change-device.js';
import type { DeviceView } from '../operations/device-view.js';
import { readNetworkDevice } from '../operations/read-network-device.js';
import { onceOnly } from '../operations/once-only.js';
import { updateNetworkDevice } from '../operations/update-network-device.js';
import { openDevice } from '../secrets/device-secrets.js';
import { toDevicePatch } from '../domain/device-input.js';
import { readJsonBody } from '../http/core/body.js';
import type { Admission } from '../http/endpoints/admission.js';
import { etagOf, type ExpectedVersions, includesVersion, parseVersions } from './device-page-conditions.js';
import { fromPage, toPage } from './device-page-format.js';
import {
  type EndpointHandler,
  type HttpAnswer,
  type HttpRequest,
  jsonAnswer,
  type Route,
} from '../http/core/endpoint.js';
import { type HttpError, retryAfterHeader } from '../http/core/http-error.js';

/** What the REST page works with. */
export interface DevicePageParts {
  readonly admission: Admission;
  readonly gateway: ChangeParts;
  readonly log: Logger;
  readonly maxBodyBytes: number;
  readonly gate: ConcurrencyGate;
}

/** The REST page itself: "URL | https://…/network/device/DEVICE_ID", over the same operations as GraphQL. */
export function devicePageRoute(parts: DevicePageParts): Route {
  return {
    path: '/network/device/:id',
    handlers: { GET: handler(parts, getDevice), POST: handler(parts, postDevice) },
    presentError,
  };
}

type PageMethod = (parts: DevicePageParts, viewer: Viewer, request: HttpRequest) => Promise<HttpAnswer>;

function handler(parts: DevicePageParts, method: PageMethod): EndpointHandler {
  return async (request) => {
    try {
      const { headers, message } = request;
      const viewer = viewerOf(await parts.admission.authenticateAndCount(message, headers.authorization));
      assertMayUseGateway(viewer);
      return await method(parts, viewer, request);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      logFailure(parts.log, error, request.requestId);
      return errorAnswer(error, request.requestId);
    }
  };
}

async function getDevice(
  parts: DevicePageParts,
  viewer: Viewer,
  { params, headers, requestId }: HttpRequest,
): Promise<HttpAnswer> {
  const expected = expectedVersions(headers);
  const id = params['id'] ?? '';
  return await withDeviceId(nameOf(id), async () => {
    const view = await parts.gate(async () => await readNetworkDevice(parts.gateway.devices, viewer, id));
    const { version } = view.device;
    if (!includesVersion(expected, version)) {
      throw new GatewayError('VERSION_CONFLICT', { currentVersion: version });
    }
    // If-None-Match is not looked at: status reports change the page without a new version.
    return pageAnswer(parts, viewer, requestId, view);
  });
}

async function postDevice(
  parts: DevicePageParts,
  viewer: Viewer,
  { params, headers, message, requestId }: HttpRequest,
): Promise<HttpAnswer> {
  const expected = expectedVersions(headers);
  const { gateway, gate, maxBodyBytes } = parts;
  const input = fromPage(await readJsonBody(message, maxBodyBytes));
  const patch = toDevicePatch(input);
  const id = params['id'] ?? '';
  const once = onceOnly(idempotencyKey(headers), false, 'updateNetworkDevice', {
    id,
    input,
    expectedVersion: comparedVersions(expected),
  });
  const attempt = async (expectedVersion: number | undefined): Promise<DeviceView> =>
    await gate(
      async () =>
        await updateNetworkDevice(gateway, viewer, {
          id,
          patch,
          expectedVersion,
          dryRun: false,
          requestId,
          once,
        }),
    );
  return await withDeviceId(nameOf(id), async () => {
    const view = expected === 'any' ? await attempt(undefined) : await attemptAtOneOf(expected, attempt);
    return pageAnswer(parts, viewer, requestId, view);
  });
}

/** What the log calls the device: an id that is none can be any text at all. */
function nameOf(id: string): string {
  return parseId(id) ?? 'not an id';
}

/** @throws BAD_REQUEST for an If-Match that cannot be read: to go on without it could overwrite what it protects */
function expectedVersions({ 'if-match': header }: IncomingHttpHeaders): ExpectedVersions {
  if (header === undefined) return 'any';
  const versions = parseVersions(header);
  if (versions !== undefined) return versions;
  throw new GatewayError('BAD_REQUEST', {
    message: 'If-Match is neither * nor a list of entity tags, e.g. "3".',
  });
}

/** @throws BAD_REQUEST for one that was sent twice: which of them is meant is unknown */
function idempotencyKey({ 'idempotency-key': header }: IncomingHttpHeaders): string | undefined {
  if (!Array.isArray(header)) return header;
  throw new GatewayError('BAD_REQUEST', { message: 'Idempotency-Key stands there more than once.' });
}

/** If-Match as the argument `expectedVersion`, for comparison with a repeat; a list of versions has no such argument. */
function comparedVersions(expected: ExpectedVersions): unknown {
  if (expected === 'any') return undefined;
  const [first, ...others] = [...expected].toSorted((one, other) => one - other);
  return others.length === 0 ? first : [first, ...others];
}

/** Versions start at 1. */
const NO_VERSION = 0;

/** An update takes one expected version; a conflict says whether another one of the list is the current one. */
async function attemptAtOneOf(
  versions: ReadonlySet<number>,
  attempt: (expectedVersion: number) => Promise<DeviceView>,
  [version = NO_VERSION]: Iterable<number> = versions,
): Promise<DeviceView> {
  try {
    return await attempt(version);
  } catch (error) {
    const current = error instanceof GatewayError ? error.facts.currentVersion : undefined;
    if (current === undefined || !versions.has(current)) throw error;
    return await attemptAtOneOf(versions, attempt, [current]);
  }
}

function pageAnswer(
  { gateway, log }: DevicePageParts,
  { subject, level }: Viewer,
  requestId: string,
  { device, passwords, isReplay }: DeviceView,
): HttpAnswer {
  const shown = passwords === 'shown' ? openDevice(gateway.secrets, device) : withoutPasswords(device);
  const seen = WIFI_PASSWORD_FIELDS.filter((field) => (shown.wifi?.[field] ?? null) !== null);
  const fields = seen.map((field) => `wifi.${field}`);
  if (fields.length > 0) {
    const byVersion = new Map([[undefined, new Map([[device.id, fields]])]]);
    logReadPasswords(log, { requestId, subject, accessLevel: level, byVersion });
  }
  const page = toPage(shown);
  const answer = jsonAnswer(200, page);
  const replayed = isReplay && { 'idempotency-replayed': 'true' };
  return { ...answer, headers: { ...answer.headers, etag: etagOf(device.version), ...replayed } };
}

/** On the page a password that may not be read is null, without an error. */
function withoutPasswords(device: DeviceView['device']): Device {
  const { wifi } = device;
  return { ...device, wifi: wifi && { ...wifi, password: null, password5G: null, password6G: null } };
}

/** The page's "Errors": code, message, description. */
function errorAnswer(error: GatewayError, requestId: string): HttpAnswer {
  const { rest } = toExtensions(error, requestId);
  // The only version that this page knows is that of If-Match, whose status HTTP fixes.
  const status = error.code === 'VERSION_CONFLICT' ? 412 : rest.code;
  const body = { code: status, message: rest.message, description: error.message };
  const answer = { ...jsonAnswer(status, body), errorCode: error.code };
  const challenge = error.code === 'UNAUTHENTICATED' && { 'www-authenticate': 'Bearer' };
  return { ...answer, headers: { ...answer.headers, ...challenge, ...retryAfterHeader(error.facts) } };
}

function presentError({ status, code, message }: HttpError): string {
  return JSON.stringify({ code: status, message: CATALOGUE[code].restMessage, description: message });
}
