import { densely, identity, type Reading, reread, unpacked } from './reading.js';

/** What stands in the place of a secret. */
const CUT = '…';

/** Maximum number of readings that a text is looked through in; nothing is shown of a text that has more. */
const MAX_READINGS = 200;
/** Maximum number of spellings inside each other, e.g. JSON in a query in HTML. */
const MAX_NESTED = 3;
/** What is shorter without blanks and separators would be found where it does not stand. */
const MIN_DENSE = 6;

const CONTROLS = /[\p{Cc}\p{Cf}]+/gu;
const BLANKS = /[\s\p{Cc}\p{Cf}]+/gu;
const BLANKS_AND_SEPARATORS = /[\s\p{Cc}\p{Cf}\p{P}\p{S}]+/gu;
const BYTE_PREFIXES = /0x|\\x|[\s\p{Cc}\p{Cf}\p{P}\p{S}]+/giu;

/**
 * Cuts secrets out of a text, in any case and in the usual spellings, several of them inside each other included: with escapes of
 * JSON, JavaScript, C and mail, percent- and form-encoded, as HTML entities, in base64, hex and decimal bytes, with blanks and
 * separators between. The text is decoded in all these ways, and what reads as a secret then is cut from where it stands.
 * 64 hex digits go in any case: they may be the key that everybody can derive from the password and the name of a network.
 * @param secrets printable ASCII
 * @param end how much of the text is shown; what comes after it only shows where secrets end
 */
export function cutSecrets(text: string, secrets: readonly string[], end = text.length): string {
  const isCut = new Uint8Array(text.length);
  for (const { index, 0: key } of text.matchAll(/[\da-f]{64}/gi)) isCut.fill(1, index, index + key.length);
  const known = new Set<string>();
  let readings: readonly Reading[] = [identity(text)];
  for (let nested = 0; readings.length > 0; nested += 1) {
    if (known.size + readings.length > MAX_READINGS) return CUT;
    for (const reading of readings) {
      known.add(reading.text);
      for (const secret of secrets) markIn(reading, secret, isCut);
    }
    const next = nested < MAX_NESTED ? readings.flatMap(decodings) : [];
    readings = [...new Map(next.map((reading) => [reading.text, reading])).values()].filter(
      (reading) => !known.has(reading.text),
    );
  }
  return withoutCut(text.slice(0, end), isCut);
}

/** Marks where a secret stands, blanks and separators inside it left out of account. */
function markIn(reading: Reading, secret: string, isCut: Uint8Array): void {
  for (const pattern of [CONTROLS, BLANKS, BLANKS_AND_SEPARATORS]) {
    const dense = secret.replaceAll(pattern, '');
    if (dense.length >= MIN_DENSE) mark(densely(reading, pattern), dense, isCut);
  }
}

function mark({ text, starts, ends }: Reading, secret: string, isCut: Uint8Array): void {
  const [haystack, needle] = [lowerCase(text), lowerCase(secret)];
  for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, at + 1)) {
    isCut.fill(1, starts[at], ends[at + needle.length - 1]);
  }
}

/** Of ASCII only: the length stays, and secrets hold nothing else. */
function lowerCase(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function withoutCut(text: string, isCut: Uint8Array): string {
  let shown = '';
  for (let index = 0; index < text.length; index += 1) {
    if (isCut[index] === 0) shown += text[index] ?? '';
    else if (index === 0 || isCut[index - 1] === 0) shown += CUT;
  }
  return shown;
}

const ENTITIES: Readonly<Record<string, string>> = Object.fromEntries(
  `excl! quot" num# dollar$ percnt% amp& apos' lpar( rpar) ast* plus+ comma, period. sol/ colon: semi; lt< equals= gt> quest?
    commat@ lsqb[ lbrack[ bsol\\ rsqb] rbrack] hat^ lowbar_ grave\` lcub{ lbrace{ verbar| vert| rcub} rbrace} tilde~`
    .split(/\s+/)
    .map((pair): [string, string] => [pair.slice(0, -1), pair.slice(-1)]),
);

const hex = (digits: string): string => character(Number.parseInt(digits, 16));

function character(code: number): string {
  return code <= 0x10_ff_ff ? String.fromCodePoint(code) : '';
}

/** A text with one level of each kind of escapes taken away. `decode` gets what the groups of the pattern hold. */
const ESCAPES: readonly (readonly [RegExp, (...groups: readonly (string | undefined)[]) => string])[] = [
  [
    /\\(?:u\{([\da-f]{1,6})\}|u([\da-f]{4})|x([\da-f]{2})|([0-3][0-7]{2})|([^]))/gi,
    (braced, four, two, octal, itself) =>
      itself ??
      (octal === undefined ? hex(braced ?? four ?? two ?? '') : character(Number.parseInt(octal, 8))),
  ],
  [/%([\da-f]{2})/gi, (digits = '') => hex(digits)],
  [/%([\da-f]{2})|\+/gi, (digits) => (digits === undefined ? ' ' : hex(digits))],
  [/=(?:([\da-f]{2})|\r?\n)/gi, (digits) => (digits === undefined ? '' : hex(digits))],
  [
    /&(?:#x([\da-f]{1,6})|#(\d{1,7})|([a-z]{2,8}));?/gi,
    (digits, decimal, name = '') =>
      digits !== undefined
        ? hex(digits)
        : decimal !== undefined
          ? character(Number(decimal))
          : (ENTITIES[name.toLowerCase()] ?? ' '),
  ],
  // Characters in a list.
  [/(["'])\s*,\s*\1/g, () => ''],
  // The bytes of printable ASCII in a list.
  [/\b(3[2-9]|[4-9]\d|1[01]\d|12[0-6])\b[\s,;]*/g, (decimal) => character(Number(decimal))],
];

/** Everything that a text may be read as instead. What was unpacked is not unpacked again: every word would be base64. */
function decodings(reading: Reading): readonly Reading[] {
  const escapes = ESCAPES.map(([pattern, decode]) => reread(reading, pattern, decode));
  if (reading.isUnpacked) return escapes;
  const dense = densely(reading, BLANKS);
  const digits = densely(reading, BYTE_PREFIXES);
  return [
    ...escapes,
    ...[0, 1, 2, 3].map((offset) => unpacked(dense, 'base64', offset)),
    ...[0, 1].map((offset) => unpacked(digits, 'hex', offset)),
  ];
}
