import { type GraphQLSchema, isObjectType } from 'graphql';
import { WIFI_PASSWORD_FIELDS, type WifiPasswordField } from '../../../domain/wifi.js';
import { GatewayError } from '../../../errors/gateway-error.js';
import { openPassword } from '../../../secrets/device-secrets.js';
import type { SealedText } from '../../../secrets/key-ring.js';
import type { GatewayContext } from '../../request/context.js';
import { notePasswordRead } from '../../request/password-reads.js';
import { type PasswordSource, WifiSettings } from '../types/wifi-settings.js';

/**
 * Opens the WiFi passwords of a schema's devices where they are asked for: most requests open none. These are plain functions:
 * for a method TypeGraphQL sorts the parameters at each call, and a list of a hundred devices has three hundred passwords.
 */
export function resolveWifiPasswords(schema: GraphQLSchema): void {
  const type = schema.getType(WifiSettings.name);
  if (!isObjectType(type)) throw new TypeError('The schema has no WiFi settings.');
  const fields = type.getFields();
  for (const name of WIFI_PASSWORD_FIELDS) {
    const field = fields[name];
    if (field === undefined) throw new TypeError(`The schema has no ${name}.`);
    field.resolve = (wifi: WifiSettings, _args: unknown, context: GatewayContext) =>
      readPassword(wifi, name, context);
  }
}

/** A password that is not set is refused like one that is: whether there is one may not be read either. */
function readPassword(wifi: WifiSettings, field: WifiPasswordField, context: GatewayContext): string | null {
  const { deviceId, passwords } = wifi.source;
  switch (passwords) {
    case 'shown':
      return showPassword(wifi.source, field, wifi[field], context);
    case 'hidden':
      return null;
    case 'refused':
      throw new GatewayError('ACCESS_DENIED', { deviceId });
  }
}

function showPassword(
  { deviceId, version }: PasswordSource,
  field: WifiPasswordField,
  secret: SealedText | null,
  context: GatewayContext,
): string | null {
  if (secret === null) return null;
  const password = openedPassword(deviceId, field, secret, context);
  notePasswordRead(context, deviceId, field, version);
  return password;
}

function openedPassword(
  deviceId: string,
  field: WifiPasswordField,
  secret: SealedText,
  { parts }: GatewayContext,
): string | null {
  try {
    return openPassword(parts.secrets, deviceId, field, secret);
  } catch (cause) {
    throw new GatewayError('INTERNAL_ERROR', { deviceId }, { cause });
  }
}
