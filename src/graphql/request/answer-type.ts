/** What answers of GraphQL are written in (GraphQL over HTTP, section 5). */
export type AnswerType = 'application/json' | 'application/graphql-response+json';

/** A media range of an `accept` header that answers can have, and how much the client wants it. */
interface Preference {
  readonly type: AnswerType;
  readonly quality: number;
  /** A range that names more is preferred among equals. */
  readonly precision: number;
}

const RANGES: ReadonlyMap<string, Pick<Preference, 'type' | 'precision'>> = new Map([
  ['application/json', { type: 'application/json', precision: 2 }],
  ['application/graphql-response+json', { type: 'application/graphql-response+json', precision: 2 }],
  ['application/*', { type: 'application/json', precision: 1 }],
  ['*/*', { type: 'application/json', precision: 0 }],
]);

/**
 * What the answer to a request is written in: the type that its client prefers, of equal ones the first. Parameters of a type
 * make no difference, e.g. `application/json;v=2`.
 * @param accept the header of the request
 * @returns undefined when the client takes neither type
 */
export function answerTypeFor(accept = ''): AnswerType | undefined {
  if (accept === '') return 'application/json';
  let best: Preference | undefined;
  const refused = new Set<AnswerType>();
  for (const range of accept.split(',')) {
    const preference = preferenceOf(range);
    if (preference === undefined) continue;
    if (preference.quality === 0) {
      if (preference.precision === 2) refused.add(preference.type);
    } else if (best === undefined || isPreferred(preference, best)) {
      best = preference;
    }
  }
  if (best === undefined || !refused.has(best.type)) return best?.type;
  // Whoever takes everything but JSON gets the other type.
  const other = best.type === 'application/json' ? 'application/graphql-response+json' : 'application/json';
  return best.precision < 2 && !refused.has(other) ? other : undefined;
}

function isPreferred(one: Preference, other: Preference): boolean {
  return one.quality > other.quality || (one.quality === other.quality && one.precision > other.precision);
}

function preferenceOf(range: string): Preference | undefined {
  const [name = '', ...parameters] = range.split(';');
  const known = RANGES.get(name.trim().toLowerCase());
  if (known === undefined) return undefined;
  return { ...known, quality: qualityOf(parameters) };
}

/** From 0, not at all, to 1 (RFC 9110, 12.4.2). */
function qualityOf(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const [name = '', value = ''] = parameter.split('=');
    if (name.trim().toLowerCase() !== 'q') continue;
    const quality = Number(value.trim());
    return quality >= 0 && quality <= 1 ? quality : 1;
  }
  return 1;
}

/** Whether a client takes events as the answer. A range of types does not ask for them: it stands for a client that takes anything. */
export function acceptsEvents(accept = ''): boolean {
  if (!/event-stream/i.test(accept)) return false;
  return accept.split(',').some((range) => {
    const [name = '', ...parameters] = range.split(';');
    return name.trim().toLowerCase() === 'text/event-stream' && qualityOf(parameters) > 0;
  });
}
