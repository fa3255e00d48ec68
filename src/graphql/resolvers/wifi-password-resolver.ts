import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { WifiPasswordField } from '../../domain/wifi.js';
import { GatewayError } from '../../errors/gateway-error.js';
import { openPassword } from '../../persistence/device-secrets.js';
import type { GatewayContext } from '../context.js';
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

/** A password that is not set is refused like one that is: whether there is one is nobody's business either. */
function readPassword(
  { source }: WifiSettings,
  field: WifiPasswordField,
  { parts }: GatewayContext,
): string | null {
  switch (source.passwords) {
    case 'shown':
      return openPassword(parts.secrets, source.deviceId, field, source.wifi[field]);
    case 'hidden':
      return null;
    case 'refused':
      throw new GatewayError('ACCESS_DENIED', { deviceId: source.deviceId });
  }
}
