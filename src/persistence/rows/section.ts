import { type DeviceSelection, isSelected } from '../../domain/device-selection.js';
import type { RowReader } from '../database/row-reader.js';
import type { Column, ColumnKind } from './column-arrays.js';

/** How one field is read. */
export interface ReadField<T> {
  /** The columns that it is made of. */
  readonly columns: readonly string[];
  /** What these columns hold. */
  readonly kind: ColumnKind;
  readonly read: (row: RowReader) => T;
}

/** How the fields of a section are read, in the order of its columns. */
export type ReadFields<Section> = { readonly [Name in keyof Section]: ReadField<Section[Name]> };

/** An object while it is filled: one that is made of parts costs several times as much, and there are hundreds in a list. */
export type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/** A field of a section, and how its value gets there. */
interface SectionField<Section> {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly fill: (section: Mutable<Section>, row: RowReader) => void;
}

/** Fields of a section, all or those that are selected. */
export type SectionFields<Section> = readonly SectionField<Section>[];

/** All fields of a section. */
export function sectionFields<Section>(fields: ReadFields<Section>): SectionFields<Section> {
  const all: SectionField<Section>[] = [];
  for (const name in fields) {
    const { columns, kind, read } = fields[name];
    const fill = (section: Mutable<Section>, row: RowReader): void => {
      section[name] = read(row);
    };
    all.push({ name, columns: columns.map((column) => ({ name: column, kind })), fill });
  }
  return all;
}

/** The columns that fields are made of. */
export function columnsOf(fields: readonly Pick<SectionField<never>, 'columns'>[]): readonly Column[] {
  return fields.flatMap(({ columns }) => columns);
}

/**
 * The fields of a section that are selected.
 * @param prefix what their names begin with in the selection, e.g. `wifi.`
 */
export function selectedFields<Section>(
  fields: SectionFields<Section>,
  prefix: string,
  selection: DeviceSelection,
): SectionFields<Section> {
  return fields.filter(({ name }) => isSelected(selection, prefix + name));
}

/**
 * The section of a row; fields that are not selected are those of the empty one.
 * @param empty makes an empty one. A copy that is made here, where sections of all kinds come by, takes V8 several times as long
 */
export function readSection<Section>(
  row: RowReader,
  fields: SectionFields<Section>,
  empty: () => Mutable<Section>,
): Mutable<Section> {
  const section = empty();
  for (const { fill } of fields) fill(section, row);
  return section;
}
