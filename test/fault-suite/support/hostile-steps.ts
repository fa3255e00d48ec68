import type { GraphQLSchema } from 'graphql';

/** What an attacker knows of the gateway. */
export interface HostileWorld {
  readonly schema: GraphQLSchema;
  /** Of records that are there. */
  readonly ids: readonly string[];
  /** `Bearer …`; undefined for a stranger. */
  readonly authorization: string | undefined;
}

/** One request over HTTP. */
export interface HostileRequest {
  readonly via: 'http';
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** One frame of a WebSocket. */
export type HostileFrame =
  | { readonly kind: 'text' | 'binary'; readonly data: string; readonly isLast: boolean }
  | { readonly kind: 'ping' | 'pong'; readonly data: string };

/** One WebSocket from its handshake to its end. */
export interface HostileSession {
  readonly via: 'websocket';
  /** Of the first message, whose answer is waited for; undefined: there is none. */
  readonly connectionParams: unknown;
  readonly frames: readonly HostileFrame[];
  /** Whether what is answered is read. */
  readonly isRead: boolean;
}

export type HostileStep = HostileRequest | HostileSession;

/**
 * Milliseconds of CPU that each message of a WebSocket may add to what a step may cost. A frame that is read, refused and answered
 * takes about a tenth of it.
 */
const MESSAGE_MS = 0.5;

/** A message counts as one more for each of these, and a WebSocket may send so many at once: the gateway reads none of the others. */
const [UNIT_CHARACTERS, MAX_MESSAGES] = [10_000, 1_000];

/**
 * Milliseconds of CPU that a step may cost: each message of a WebSocket is a request of its own, of which the dearest may take the
 * bound and the others a small share.
 * @param boundMs what one request may cost
 */
export function stepBoundMs(step: HostileStep, boundMs: number): number {
  if (step.via === 'http') return boundMs;
  const messages = step.frames
    .filter((frame) => !('isLast' in frame) || frame.isLast)
    .reduce((sum, { data }) => sum + 1 + Math.floor(data.length / UNIT_CHARACTERS), 0);
  return boundMs + MESSAGE_MS * Math.max(0, Math.min(messages, MAX_MESSAGES) - 1);
}

/** Some requests that belong together, e.g. a document that is sent twice. */
export interface HostileVariation {
  /** Names the kind of attack, e.g. `many headers`. */
  readonly kind: string;
  readonly steps: readonly HostileStep[];
}

const SHOWN = 400;

/** A step in one line: what is long is cut in the middle. */
export function shownStep(step: HostileStep): string {
  if (step.via === 'http') {
    const headers = cut(JSON.stringify(step.headers), SHOWN / 2);
    return `${step.method} ${cut(step.path, SHOWN)} ${headers} ${cut(String(step.body), SHOWN)}`;
  }
  const frames = step.frames.map(({ kind, data }) => `${kind} ${cut(data, SHOWN / 4)}`);
  const total = step.frames.reduce((sum, { data }) => sum + data.length, 0);
  return `WebSocket${step.isRead ? '' : ' unread'}, ${frames.length} frames, ${total} characters: ${cut(frames.join(' | '), SHOWN)}`;
}

function cut(text: string, length: number): string {
  const shown = text.replaceAll(/Bearer [\w.-]{200,}/g, 'Bearer <token>');
  if (shown.length <= length) return shown;
  const half = length / 2;
  return `${shown.slice(0, half)} …(${shown.length} characters)… ${shown.slice(-half)}`;
}
