import type { DeviceSelection } from '../../domain/device-selection.js';
import { type DeviceShape, deviceShape } from '../rows/device-row.js';

/** How the devices of a list are read. */
export interface ListShape extends DeviceShape {
  /** Which of the shapes it is: PostgreSQL keeps a statement for each on each connection. */
  readonly variant: number;
}

/** Maximum number of selections that have statements of their own. Clients have some dozens of documents, and fewer selections. */
const MAX_SHAPES = 64;

/**
 * Finds the shape of a selection. The first selections that are asked for get one of their own; any later one reads what it
 * wants out of whole devices.
 */
export function listShapes(): (selection: DeviceSelection) => ListShape {
  const whole: ListShape = { ...deviceShape('whole'), variant: 0 };
  /** By the expression of the value: different selections may need the same of the database. */
  const shapes = new Map([[whole.value, whole]]);
  const known = new WeakMap<object, ListShape>();
  const find = (selection: DeviceSelection): ListShape => {
    const shape = deviceShape(selection);
    const same = shapes.get(shape.value);
    if (same !== undefined) return { ...shape, variant: same.variant };
    if (shapes.size > MAX_SHAPES) return { ...whole, read: deviceShape(selection, 'whole').read };
    const added = { ...shape, variant: shapes.size };
    shapes.set(shape.value, added);
    return added;
  };
  return (selection) => {
    if (selection === 'whole') return whole;
    const shape = known.get(selection) ?? find(selection);
    known.set(selection, shape);
    return shape;
  };
}

/**
 * Numbers the texts of a statement that is worth a plan for each, as they are first asked for; undefined for those beyond the
 * first 64, which are planned anew each time.
 */
export function textVariants(): (text: string) => number | undefined {
  const variants = new Map<string, number>();
  return (text) => {
    const known = variants.get(text);
    if (known !== undefined || variants.size >= MAX_SHAPES) return known;
    variants.set(text, variants.size);
    return variants.size - 1;
  };
}
