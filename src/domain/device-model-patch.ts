import type { Violation } from '../errors/gateway-error.js';
import {
  type DeviceCapabilities,
  type DeviceModel,
  isBrand,
  isDescription,
  MAX_BRAND,
  MAX_DESCRIPTION,
} from './device-model.js';
import { parseId } from './id.js';
import { isName, NAME_RULE, normalName } from './name.js';

/** What a client changes of a device model: absent leaves, null clears, a value sets. */
export interface DeviceModelPatch {
  readonly name?: string | null;
  readonly type?: DeviceModel['type'] | null;
  readonly brand?: string | null;
  readonly description?: string | null;
  readonly picture?: string | null;
  readonly capabilities?: Readonly<Partial<Record<keyof DeviceCapabilities, boolean | null>>> | null;
}

/** A model before it was created: nothing is set, and it can do nothing. */
export const NO_MODEL = {
  name: null,
  type: null,
  brand: null,
  description: null,
  picture: null,
  capabilities: { wifi: false, wifi2G: false, wifi5G: false, wifi6G: false, simSupport: false },
};

/** A model without its id, where name and type may be missing. */
export interface ModelDraft extends Omit<DeviceModel, 'id' | 'name' | 'type'> {
  readonly name: string | null;
  readonly type: DeviceModel['type'] | null;
}

/** The model with a patch applied. Texts are in normal form; a picture that is no id stays as it is. */
export function patchedModel(before: ModelDraft, patch: DeviceModelPatch): ModelDraft {
  const { capabilities, name, picture, type, brand, description } = patch;
  return {
    name: name === undefined ? before.name : name && normalName(name),
    type: type === undefined ? before.type : type,
    brand: brand === undefined ? before.brand : brand,
    description: description === undefined ? before.description : description,
    picture: picture === undefined ? before.picture : picture && (parseId(picture) ?? picture),
    capabilities:
      capabilities === null
        ? NO_MODEL.capabilities
        : patchedCapabilities(before.capabilities, capabilities ?? {}),
  };
}

function patchedCapabilities(
  before: DeviceCapabilities,
  patch: NonNullable<DeviceModelPatch['capabilities']>,
): DeviceCapabilities {
  const flag = (name: keyof DeviceCapabilities): boolean =>
    patch[name] === undefined ? before[name] : (patch[name] ?? false);
  return {
    wifi: flag('wifi'),
    wifi2G: flag('wifi2G'),
    wifi5G: flag('wifi5G'),
    wifi6G: flag('wifi6G'),
    simSupport: flag('simSupport'),
  };
}

/** The fields of a model in the order of the input; a rule counts for those that change. */
const FIELDS = ['name', 'type', 'brand', 'description', 'picture'] as const;

const RULES: Readonly<Record<(typeof FIELDS)[number], (draft: ModelDraft) => string | undefined>> = {
  name: ({ name }) => (name !== null && isName(name) ? undefined : NAME_RULE),
  type: ({ type }) => (type === null ? 'A device model has a type.' : undefined),
  brand: ({ brand }) =>
    brand === null || isBrand(brand)
      ? undefined
      : `A brand has at most ${MAX_BRAND} characters and no control characters.`,
  description: ({ description }) =>
    description === null || isDescription(description)
      ? undefined
      : `A description has at most ${MAX_DESCRIPTION} characters and no control characters but line breaks and tabs.`,
  picture: ({ picture }) =>
    picture === null || parseId(picture) !== undefined ? undefined : 'The id of a picture has 24 hex digits.',
};

/** Paths of what differs between two states of a model, in the order of the input. */
export function changedModelPaths(before: ModelDraft, after: ModelDraft): readonly string[] {
  const capabilities = CAPABILITIES.filter((name) => before.capabilities[name] !== after.capabilities[name]);
  return [
    ...FIELDS.filter((name) => before[name] !== after[name]),
    ...capabilities.map((name) => `capabilities.${name}`),
  ];
}

const CAPABILITIES = ['wifi', 'wifi2G', 'wifi5G', 'wifi6G', 'simSupport'] as const;

/** Every violation of what a change makes of a model. @param before undefined for a new one, of which all rules hold */
export function modelViolations(before: ModelDraft | undefined, after: ModelDraft): readonly Violation[] {
  return FIELDS.flatMap((path) => {
    if (before?.[path] === after[path]) return [];
    const message = RULES[path](after);
    return message === undefined ? [] : [{ path, code: 'INVALID_VALUE', message }];
  });
}

/** A draft that breaks no rule has a name and a type. */
export function isComplete(draft: ModelDraft): draft is Omit<DeviceModel, 'id'> {
  return draft.name !== null && draft.type !== null;
}
