import { type DeviceSelection, isSelected } from '../../domain/device-selection.js';
import type { RowReader } from '../database/row-reader.js';

/** How one field is read. */
export interface ReadField<T> {
  /** The columns that it is made of. */
  readonly columns: readonly string[];
  readonly read: (row: RowReader) => T;
}

/** How the fields of a section are read, in the order of its columns. */
export type ReadFields<Section> = { readonly [Name in keyof Section]: ReadField<Section[Name]> };

/** An object while it is filled: one that is made of parts costs several times as much, and there are hundreds in a list. */
export type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/** The columns that fields are made of. */
export function columnsOf(
  fields: Readonly<Record<string, Pick<ReadField<unknown>, 'columns'>>>,
): readonly string[] {
  return Object.values(fields).flatMap(({ columns }) => columns);
}

/**
 * The fields of a section that are selected.
 * @param prefix what their names begin with in the selection, e.g. `wifi.`
 */
export function selectedFields<Section>(
  fields: ReadFields<Section>,
  prefix: string,
  selection: DeviceSelection,
): Partial<ReadFields<Section>> {
  const selected: { -readonly [Name in keyof Section]?: ReadField<Section[Name]> } = {};
  for (const name in fields) if (isSelected(selection, prefix + name)) selected[name] = fields[name];
  return selected;
}

/** The section of a row; fields that are not selected are those of the empty one. */
export function readSection<Section extends object>(
  row: RowReader,
  fields: Partial<ReadFields<Section>>,
  empty: Section,
): Section {
  const section: Section = { ...empty };
  for (const name in fields) {
    const field = fields[name];
    if (field !== undefined) section[name] = field.read(row);
  }
  return section;
}
