/** Where a text stops being JSON. */
interface JsonError {
  /** Of the first character that cannot stand there, or of the end of the text, in UTF-16 code units. */
  readonly index: number;
  /** What would have to stand there. */
  readonly expected: string;
}

const BLANKS = /[ \t\n\r]*/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const STRING_PART = /[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

const VALUE = 'a value';
const NAME = 'the name of a property in double quotes';

/**
 * Finds where a text stops being JSON (RFC 8259). The parser's own message has no place in every case, and quotes the text,
 * which may hold passwords.
 * @returns undefined for JSON
 */
export function findJsonError(text: string): JsonError | undefined {
  return new Scanner(text).scan();
}

/** Reads without calling itself, so that no nesting is too deep. */
class Scanner {
  #at = 0;
  readonly #open: ('{' | '[')[] = [];

  constructor(private readonly text: string) {}

  scan(): JsonError | undefined {
    do {
      const error = this.#value() ?? this.#ends();
      if (error !== undefined) return error;
    } while (this.#open.length > 0);
    return this.#peek() === '' ? undefined : this.#error('the end of the file');
  }

  /** A value, or the beginning of one that holds others, up to its first scalar. */
  #value(): JsonError | undefined {
    for (;;) {
      const next = this.#peek();
      if (next !== '{' && next !== '[') return next === '"' ? this.#string() : this.#scalar();
      this.#at += 1;
      this.#open.push(next);
      if (this.#peek() === closing(next)) return undefined;
      const error = next === '{' ? this.#name() : undefined;
      if (error !== undefined) return error;
    }
  }

  /** What ends after a value, up to where the next one begins. */
  #ends(): JsonError | undefined {
    for (;;) {
      const open = this.#open.at(-1);
      if (open === undefined) return undefined;
      const next = this.#peek();
      if (next === ',') {
        this.#at += 1;
        return open === '{' ? this.#name() : undefined;
      }
      if (next !== closing(open)) return this.#error(`"," or "${closing(open)}"`);
      this.#at += 1;
      this.#open.pop();
    }
  }

  #name(): JsonError | undefined {
    if (this.#peek() !== '"') return this.#error(NAME);
    const error = this.#string();
    if (error !== undefined) return error;
    if (this.#peek() !== ':') return this.#error('":"');
    this.#at += 1;
    return undefined;
  }

  #string(): JsonError | undefined {
    this.#at += 1;
    while (this.#take(STRING_PART));
    if (this.text[this.#at] !== '"') return this.#error('the rest of a text and its closing quote');
    this.#at += 1;
    return undefined;
  }

  #scalar(): JsonError | undefined {
    return this.#take(SCALAR) ? undefined : this.#error(VALUE);
  }

  /** The next character that is no blank; none at the end. */
  #peek(): string {
    this.#take(BLANKS);
    return this.text[this.#at] ?? '';
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.text)) return false;
    this.#at = pattern.lastIndex;
    return true;
  }

  #error(expected: string): JsonError {
    return { index: this.#at, expected };
  }
}

function closing(open: '{' | '['): '}' | ']' {
  return open === '{' ? '}' : ']';
}
