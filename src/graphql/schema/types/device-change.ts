import { Field, ID, Int, ObjectType } from 'type-graphql';
import type { DeviceAction } from '../../../domain/device-history.js';
import type { Page } from '../../../operations/paging.js';
import {
  type ChangeView,
  cursorOfChange,
  type SettingsView,
} from '../../../operations/read-device-history.js';
import { AccessLevelEnum, DeviceActionEnum } from '../leaves/enums.js';
import { DateTimeScalar } from '../leaves/scalars.js';
import { PageInfo } from './connection.js';
import { DeviceSettings } from './device-settings.js';

const WHO =
  'Null for those who may not update the device, and for changes under a customer whose devices the viewer may not read.';
const VALUES =
  'null where they are not known or not kept any more, and for changes under a customer whose devices the viewer may not read.';

@ObjectType({ description: 'What somebody did to a device.', simpleResolvers: true })
export class DeviceChange {
  @Field(() => ID, { description: 'Id of the change: 24 hex digits; a later change has a higher one.' })
  readonly id: string;

  @Field(() => Int, {
    nullable: true,
    description: 'Version of the settings that the change made; of a RETRY the one that it sent.',
  })
  readonly version: number;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was done.' })
  readonly at: Date;

  @Field(() => DeviceActionEnum, { nullable: true, description: 'What was done.' })
  readonly action: DeviceAction | null;

  @Field(() => ID, { nullable: true, description: `Id of the employee or machine that did it. ${WHO}` })
  readonly by: string | null;

  @Field(() => AccessLevelEnum, { nullable: true, description: `Access level of who did it. ${WHO}` })
  readonly accessLevel: string | null;

  @Field(() => ID, {
    nullable: true,
    description: `The requestId of the request that did it, as in the log; one that the client chose is followed by a dot and a mark of its subject. ${WHO}`,
  })
  readonly requestId: string | null;

  @Field(() => [String], {
    nullable: true,
    description:
      'Dotted paths of what changed, e.g. "wifi.ssid": a section that came or went by its own name, reservations as "dhcp.reservedClients".',
  })
  readonly paths: readonly string[];

  @Field(() => DeviceSettings, {
    nullable: true,
    description: `The whole settings before it; null for a device that was new, and ${VALUES}`,
  })
  readonly before: DeviceSettings | null;

  @Field(() => DeviceSettings, { nullable: true, description: `The whole settings after it; ${VALUES}` })
  readonly after: DeviceSettings | null;

  constructor({ before, after, ...change }: ChangeView) {
    this.id = change.id;
    this.version = change.version;
    this.at = change.at;
    this.action = change.action;
    this.by = change.by;
    this.accessLevel = change.accessLevel;
    this.requestId = change.requestId;
    this.paths = change.paths;
    this.before = settingsIn(before);
    this.after = settingsIn(after);
  }
}

function settingsIn(view: SettingsView | null): DeviceSettings | null {
  return view && new DeviceSettings(view);
}

@ObjectType({ description: 'A change and its place among those of its device.', simpleResolvers: true })
export class DeviceChangeEdge {
  @Field(() => String, { description: 'Opaque place of the change, for `after`.' })
  readonly cursor: string;

  @Field(() => DeviceChange, { nullable: true, description: 'The change.' })
  readonly node: DeviceChange;

  constructor(node: DeviceChange) {
    this.cursor = cursorOfChange(node.id);
    this.node = node;
  }
}

@ObjectType({ description: 'A page of changes of a device, the newest first.', simpleResolvers: true })
export class DeviceChangeConnection {
  @Field(() => [DeviceChangeEdge], {
    nullable: 'itemsAndList',
    description: 'The changes with their cursors.',
  })
  readonly edges: readonly DeviceChangeEdge[];

  @Field(() => [DeviceChange], { nullable: 'itemsAndList', description: 'The changes.' })
  readonly nodes: readonly DeviceChange[];

  @Field(() => PageInfo, { description: 'Where the page stands in its list.' })
  readonly pageInfo: PageInfo;

  constructor(page: Page<ChangeView>) {
    this.nodes = page.nodes.map((change) => new DeviceChange(change));
    this.edges = this.nodes.map((node) => new DeviceChangeEdge(node));
    this.pageInfo = new PageInfo(page, this.edges);
  }
}
