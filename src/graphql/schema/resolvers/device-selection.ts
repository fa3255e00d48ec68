import {
  type FieldNode,
  getNamedType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  isAbstractType,
  isObjectType,
} from 'graphql';
import type { DeviceSelection } from '../../../domain/device-selection.js';
import { WIFI_PASSWORD_FIELDS } from '../../../domain/wifi.js';
import { fieldsBelow } from './fields-below.js';

/** Who decides whether passwords are shown. */
const OWNER: readonly string[] = ['customer', 'customer.id', 'customer.ancestorIds'];

/** What fields of a device are made of, by their dotted names; any other one is what has its own name. */
const MADE_OF: ReadonlyMap<string, readonly string[]> = new Map([
  ...WIFI_PASSWORD_FIELDS.map((field) => [`wifi.${field}`, [`wifi.${field}`, ...OWNER]] as const),
  ['provisioningJobs', OWNER],
  // They are read by the id.
  ['changes', []],
  ['settingsAt', []],
  ['dhcp.reservedClients', ['dhcp.reservedClients']],
  ['status.upTime', ['status.upTimeSeconds']],
  ['status.simStatus', ['status.simStatusCode']],
  ['status.networkType', ['status.networkTypeCode']],
  ['status.networkTypes', ['status.networkTypeCode']],
  ['status.ssSingnalStrength', ['status.ssSignalStrength']],
  ['status.uplinkRate', ['status.uplinkRateKbps']],
  ['status.downlinkRate', ['status.downlinkRateKbps']],
  ['status.connectionTime', ['status.connectionSeconds']],
]);

/** Those that were found. A plan has the same nodes for every request. */
const known = new WeakMap<readonly FieldNode[], DeviceSelection>();

/**
 * What the selection of a field asks of the devices below it, wherever they stand there. Whoever adds a field with a resolver of
 * its own gets whole devices, until `MADE_OF` says what it needs.
 */
export function deviceSelectionIn(info: GraphQLResolveInfo): DeviceSelection {
  const selection = known.get(info.fieldNodes) ?? new SelectionFinder(info).find();
  known.set(info.fieldNodes, selection);
  return selection;
}

class SelectionFinder {
  readonly #names = new Set<string>();
  #isWhole = false;

  constructor(private readonly info: GraphQLResolveInfo) {}

  find(): DeviceSelection {
    const { returnType, fieldNodes } = this.info;
    this.#findDevices(getNamedType(returnType), fieldNodes);
    return this.#isWhole ? 'whole' : this.#names;
  }

  /** Looks for devices at a field that is no part of one, and below. */
  #findDevices(type: GraphQLNamedType, nodes: readonly FieldNode[]): void {
    for (const member of isAbstractType(type) ? this.info.schema.getPossibleTypes(type) : [type]) {
      if (!isObjectType(member)) continue;
      if (member.name === 'NetworkDevice') this.#readSection(member, nodes, '');
      else
        for (const [field, below] of fieldsBelow(this.info, member, nodes))
          this.#findDevices(field.type, below);
    }
  }

  /** Notes what the fields of a device, or of a section of it, are made of. */
  #readSection(type: GraphQLObjectType, nodes: readonly FieldNode[], prefix: string): void {
    for (const [field, below] of fieldsBelow(this.info, type, nodes)) {
      const name = prefix + field.name;
      const madeOf = MADE_OF.get(name);
      for (const one of madeOf ?? [name]) this.#names.add(one);
      if (madeOf !== undefined) continue;
      if (field.hasResolver) this.#isWhole = true;
      if (isObjectType(field.type)) this.#readSection(field.type, below, `${name}.`);
    }
  }
}
