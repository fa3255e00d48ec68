import { Field, ID, Int, ObjectType } from 'type-graphql';
import type { DeviceView, IdentityView, PasswordAccess } from '../../../operations/device-view.js';
import { DeviceStateEnum } from '../leaves/enums.js';
import { DateTimeScalar, MacAddressScalar } from '../leaves/scalars.js';
import { Customer } from './customer.js';
import { DeviceModel } from './device-model.js';
import { DeviceStatus } from './device-status.js';
import { DhcpSettings } from './dhcp-settings.js';
import { Node } from './node.js';
import { WifiSettings } from './wifi-settings.js';

@ObjectType({
  implements: Node,
  description: 'A network device: a router, switch or access point of a customer.',
  simpleResolvers: true,
})
export class NetworkDevice implements Node {
  @Field(() => ID, { description: "Id of the device: 24 hex digits (the page's _id)." })
  readonly id: string;

  @Field(() => Int, {
    nullable: true,
    description: 'Version of the settings: rises by one with every effective change.',
  })
  readonly version: number | null;

  @Field(() => DeviceStateEnum, { nullable: true, description: 'Which state the device is in.' })
  readonly state: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the device: 1 to 100 characters.' })
  readonly name: string | null;

  @Field(() => String, { nullable: true, description: 'Free text note field: at most 4096 characters.' })
  readonly notes: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Number of provisioning jobs in progress: queued and running ones.',
  })
  readonly jobs: number | null;

  @Field(() => MacAddressScalar, {
    nullable: true,
    description: 'MAC address, unique in the whole platform.',
  })
  readonly macAddress: string | null;

  @Field(() => String, { nullable: true, description: 'Serial number: 1 to 64 printable ASCII characters.' })
  readonly serialNumber: string | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'Id of the MVNO account that the device is linked to, when it is uplinked through a SIM card: 24 hex digits.',
  })
  readonly mvnoAccount: string | null;

  @Field(() => DeviceModel, { nullable: true, description: 'Model of the device.' })
  readonly model: DeviceModel | null;

  @Field(() => Customer, { nullable: true, description: 'Customer that the device belongs to.' })
  readonly customer: Customer | null;

  @Field(() => WifiSettings, { nullable: true, description: 'WiFi settings; null if not used.' })
  readonly wifi: WifiSettings | null;

  @Field(() => DhcpSettings, { nullable: true, description: 'DHCP settings; null if not used.' })
  readonly dhcp: DhcpSettings | null;

  @Field(() => DeviceStatus, {
    nullable: true,
    description: 'Status that the device last reported. Read only.',
  })
  readonly status: DeviceStatus | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When the device was registered.' })
  readonly createdAt: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When the settings were last changed.' })
  readonly updatedAt: Date | null;

  /** Whether the viewer gets nothing but id and version; not part of the schema. */
  readonly isIdentityOnly: boolean;

  /** What becomes of the device's WiFi passwords; not part of the schema. */
  readonly passwords: PasswordAccess;

  constructor(view: DeviceView | IdentityView) {
    const { id, version, state } = identityIn(view);
    this.id = id;
    this.version = version;
    const whole = 'identityOf' in view ? null : view;
    const device = whole?.device ?? null;
    this.isIdentityOnly = device === null;
    this.passwords = whole?.passwords ?? 'hidden';
    this.state = state;
    this.name = device?.name ?? null;
    this.notes = device?.notes ?? null;
    this.jobs = device?.jobs ?? null;
    this.macAddress = device?.macAddress ?? null;
    this.serialNumber = device?.serialNumber ?? null;
    this.mvnoAccount = device?.mvnoAccount ?? null;
    this.model = device && new DeviceModel(device.model);
    this.customer = device && new Customer(device.customer);
    this.wifi = whole && wifiOf(whole);
    this.dhcp = device?.dhcp ? new DhcpSettings(device.dhcp) : null;
    this.status = device?.status ? new DeviceStatus(device.status) : null;
    this.createdAt = device?.createdAt ?? null;
    this.updatedAt = device?.updatedAt ?? null;
  }
}

function identityIn(view: DeviceView | IdentityView): Pick<NetworkDevice, 'id' | 'version' | 'state'> {
  return 'identityOf' in view ? { state: null, ...view.identityOf } : view.device;
}

function wifiOf({ device, passwords }: DeviceView): WifiSettings | null {
  return device.wifi && new WifiSettings(device.wifi, { deviceId: device.id, passwords });
}
