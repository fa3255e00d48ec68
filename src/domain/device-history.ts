/** What was done to a device, as its audit entry says. */
export type DeviceAction = 'CREATE' | 'UPDATE' | 'REPLACE' | 'REVERT' | 'DELETE' | 'RETRY' | 'IMPORT';

/** Old values by their names, e.g. columns. */
export type OldValues = Readonly<Record<string, unknown>>;

/** The change to every version that this divides holds all values as they were before it. It can never be another number: what is stored relies on it. */
const IMAGE_INTERVAL = 64;

/** Whether the change to a version holds all values as they were before it, and not only those that it changed. */
export function isImage(version: number): boolean {
  return version % IMAGE_INTERVAL === 0;
}

/** The same as SQL: the first version after another one that is an image. */
export const nextImage = (version: string): string =>
  `(${version}::bigint / ${IMAGE_INTERVAL} + 1) * ${IMAGE_INTERVAL}`;

/**
 * The values of a device at its versions. It walks back from the next image, or from the device as it is, and never past a change
 * whose values are missing.
 */
export class ValuesByVersion {
  readonly #known = new Map<number, OldValues | undefined>();

  /**
   * @param current the device as it is
   * @param changes what each change that was read holds, by the version that it made
   */
  constructor(
    private readonly current: { readonly version: number; readonly values: OldValues },
    private readonly changes: ReadonlyMap<number, OldValues>,
  ) {}

  /** All values at a version; undefined where they are not known, and for a version that never was. */
  at(version: number): OldValues | undefined {
    if (version < 1 || version > this.current.version) return undefined;
    if (version === this.current.version) return this.current.values;
    if (!this.#known.has(version)) this.#known.set(version, this.#before(version + 1));
    return this.#known.get(version);
  }

  /** It goes at most as deep as the next image. */
  #before(version: number): OldValues | undefined {
    const change = this.changes.get(version);
    if (change === undefined || isImage(version)) return change;
    const after = this.at(version);
    return after && { ...after, ...change };
  }
}
