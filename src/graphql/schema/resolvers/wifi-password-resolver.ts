import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { WifiPasswordField } from '../../../domain/wifi.js';
import { GatewayError } from '../../../errors/gateway-error.js';
import { openPassword } from '../../../secrets/device-secrets.js';
import type { SealedText } from '../../../secrets/key-ring.js';
import type { GatewayContext } from '../../request/context.js';
import { notePasswordRead } from '../../request/password-reads.js';
import { WifiSettings } from '../types/wifi-settings.js';

const HIDDEN =
  'Null for levels that may not read passwords: with an ACCESS_DENIED error on networkDevice and mutations, without one in lists.';

@Resolver(() => WifiSettings)
export class WifiPasswordResolver {
  @FieldResolver(() => String, { nullable: true, description: `Password of the 2.4 GHz network. ${HIDDEN}` })
  password(@Root() wifi: WifiSettings, @Ctx() context: GatewayContext): string | null {
    return readPassword(wifi, 'password', context);
  }

  @FieldResolver(() => String, { nullable: true, description: `Password of the 5 GHz network. ${HIDDEN}` })
  password5G(@Root() wifi: WifiSettings, @Ctx() context: GatewayContext): string | null {
    return readPassword(wifi, 'password5G', context);
  }

  @FieldResolver(() => String, { nullable: true, description: `Password of the 6 GHz network. ${HIDDEN}` })
  password6G(@Root() wifi: WifiSettings, @Ctx() context: GatewayContext): string | null {
    return readPassword(wifi, 'password6G', context);
  }
}

/** A password that is not set is refused like one that is: whether there is one may not be read either. */
function readPassword(
  { source: { deviceId, wifi, passwords, version } }: WifiSettings,
  field: WifiPasswordField,
  context: GatewayContext,
): string | null {
  switch (passwords) {
    case 'shown':
      return showPassword({ deviceId, version }, field, wifi[field], context);
    case 'hidden':
      return null;
    case 'refused':
      throw new GatewayError('ACCESS_DENIED', { deviceId });
  }
}

function showPassword(
  { deviceId, version }: { readonly deviceId: string; readonly version: number | undefined },
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
