import { Field, ObjectType } from 'type-graphql';
import type { WifiSettings as Wifi } from '../../../domain/wifi.js';
import type { PasswordAccess } from '../../../operations/device-view.js';
import type { SealedText } from '../../../secrets/key-ring.js';

/** What opens the passwords of settings; none of it is part of the schema. */
export interface PasswordSource {
  readonly deviceId: string;
  readonly passwords: PasswordAccess;
  /** Of settings that are read as they were at a version; undefined for those of the device as it is. */
  readonly version?: number;
}

const HIDDEN =
  'Null for levels that may not read passwords: with an ACCESS_DENIED error on networkDevice and mutations, without one in lists.';

/** It holds passwords as they are stored; `resolveWifiPasswords` opens those that are asked for. */
@ObjectType({ description: 'WiFi settings of a device, band by band.', simpleResolvers: true })
export class WifiSettings {
  @Field(() => Boolean, { nullable: true, description: 'True if WiFi is enabled on 2.4 GHz.' })
  readonly enabled: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'SSID of the 2.4 GHz network: 1 to 32 bytes of UTF-8.',
  })
  readonly ssid: string | null;

  @Field(() => String, { nullable: true, description: `Password of the 2.4 GHz network. ${HIDDEN}` })
  readonly password: SealedText | null;

  @Field(() => Boolean, { nullable: true, description: 'True if WiFi is enabled on 5 GHz.' })
  readonly enabled5G: boolean;

  @Field(() => String, { nullable: true, description: 'SSID of the 5 GHz network: 1 to 32 bytes of UTF-8.' })
  readonly ssid5G: string | null;

  @Field(() => String, { nullable: true, description: `Password of the 5 GHz network. ${HIDDEN}` })
  readonly password5G: SealedText | null;

  @Field(() => Boolean, { nullable: true, description: 'True if WiFi is enabled on 6 GHz.' })
  readonly enabled6G: boolean;

  @Field(() => String, { nullable: true, description: 'SSID of the 6 GHz network: 1 to 32 bytes of UTF-8.' })
  readonly ssid6G: string | null;

  @Field(() => String, { nullable: true, description: `Password of the 6 GHz network. ${HIDDEN}` })
  readonly password6G: SealedText | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'True if band steering is enabled: all enabled bands have the same SSID and password, and clients move freely between them.',
  })
  readonly bandsteering: boolean;

  constructor(
    wifi: Wifi<SealedText>,
    readonly source: PasswordSource,
  ) {
    this.enabled = wifi.enabled;
    this.ssid = wifi.ssid;
    this.password = wifi.password;
    this.enabled5G = wifi.enabled5G;
    this.ssid5G = wifi.ssid5G;
    this.password5G = wifi.password5G;
    this.enabled6G = wifi.enabled6G;
    this.ssid6G = wifi.ssid6G;
    this.password6G = wifi.password6G;
    this.bandsteering = wifi.bandsteering;
  }
}
