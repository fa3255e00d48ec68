/** A text as it reads once it is decoded; of each character it is known from where to where it stands in the source. */
export interface Reading {
  readonly text: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Whether it was base64 or hex. */
  readonly isUnpacked: boolean;
}

/** The source itself. */
export function identity(text: string): Reading {
  const starts = Array.from({ length: text.length }, (_, index) => index);
  return { text, starts, ends: starts.map((start) => start + 1), isUnpacked: false };
}

/** The same with other text in the place of each match. @param decode gets what the groups of the pattern hold */
export function reread(
  { text, starts, ends, isUnpacked }: Reading,
  pattern: RegExp,
  decode: (...groups: readonly (string | undefined)[]) => string,
): Reading {
  const next = emptyReading(isUnpacked);
  let copied = 0;
  const copyTo = (end: number): void => {
    for (; copied < end; copied += 1) append(next, text[copied] ?? '', starts[copied], ends[copied]);
  };
  for (const match of text.matchAll(pattern)) {
    const end = match.index + match[0].length;
    copyTo(match.index);
    append(next, decode(...match.slice(1)), starts[match.index], ends[end - 1]);
    copied = end;
  }
  copyTo(text.length);
  return finished(next);
}

/** The same without what matches. */
export function densely(reading: Reading, dropped: RegExp): Reading {
  return reread(reading, dropped, () => '');
}

const PACKED = {
  base64: { run: /[\w+/-]{11,}/g, charactersPerByte: 4 / 3 },
  hex: { run: /[\da-f]{16,}/gi, charactersPerByte: 2 },
} as const;

/** The bytes of all runs of an encoding as characters. @param offset how many characters of each run are none of its */
export function unpacked(
  { text, starts, ends }: Reading,
  encoding: keyof typeof PACKED,
  offset: number,
): Reading {
  const { run, charactersPerByte } = PACKED[encoding];
  const next = emptyReading(true);
  for (const { index, 0: characters } of text.matchAll(run)) {
    const first = index + offset;
    const bytes = Buffer.from(characters.slice(offset), encoding);
    for (const [place, byte] of bytes.entries()) {
      const [from, to] = [place * charactersPerByte, (place + 1) * charactersPerByte];
      const start = starts[first + Math.floor(from)];
      append(next, String.fromCharCode(byte), start, ends[first + Math.ceil(to) - 1]);
    }
    // No secret goes on from one run to the next.
    append(next, '\ufffd', starts[index], ends[index]);
  }
  return finished(next);
}

interface ReadingInProgress {
  readonly parts: string[];
  readonly starts: number[];
  readonly ends: number[];
  readonly isUnpacked: boolean;
}

function emptyReading(isUnpacked: boolean): ReadingInProgress {
  return { parts: [], starts: [], ends: [], isUnpacked };
}

/** Each character of a decoded text stands where the whole of it does. */
function append({ parts, starts, ends }: ReadingInProgress, decoded: string, start = 0, end = 0): void {
  parts.push(decoded);
  starts.push(...Array<number>(decoded.length).fill(start));
  ends.push(...Array<number>(decoded.length).fill(end));
}

function finished({ parts, starts, ends, isUnpacked }: ReadingInProgress): Reading {
  return { text: parts.join(''), starts, ends, isUnpacked };
}
