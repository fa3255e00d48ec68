import { z } from 'zod';
import { wireError } from '../../support/gateway.js';

/** Characters of an answer that a fault repeats. */
const SHOWN = 300;

const graphqlAnswer = z.strictObject({ data: z.unknown().optional(), errors: z.array(wireError).optional() });
const pageError = z.strictObject({ code: z.int(), message: z.string(), description: z.string() });

/** What is wrong with an answer over HTTP, if anything is: a client must be able to read it, and no fault may be ours. */
export function answerError(
  method: string,
  path: string,
  status: number,
  type: string,
  text: string,
): string | undefined {
  if (status >= 500 && status !== 503) return `status ${status}: ${text.slice(0, SHOWN)}`;
  if (text.includes('"INTERNAL_ERROR"') || text.includes('internal_error')) return text.slice(0, SHOWN);
  if (method === 'HEAD' || status === 204 || status === 304) return undefined;
  const isPage = path.startsWith('/network/device/');
  if (!path.startsWith('/graphql') && !isPage && status < 400) return undefined;
  if (type.startsWith('text/event-stream')) {
    const events = text.split('\n').filter((line) => line.startsWith('data:') && line.trim() !== 'data:');
    return events
      .map((line) => shapeError(graphqlAnswer, line.slice(5)))
      .find((fault) => fault !== undefined);
  }
  if (!/^application\/(?:graphql-response\+)?json/.test(type))
    return `${status} as ${type}: ${text.slice(0, SHOWN)}`;
  if (isPage && status < 400) return shapeError(z.looseObject({ _id: z.string() }), text);
  return shapeError(isPage ? z.union([pageError, graphqlAnswer]) : graphqlAnswer, text);
}

function shapeError(shape: z.ZodType, text: string): string | undefined {
  try {
    const { success, error } = shape.safeParse(JSON.parse(text));
    return success ? undefined : `${z.prettifyError(error).slice(0, SHOWN)}: ${text.slice(0, SHOWN)}`;
  } catch {
    return `no JSON: ${text.slice(0, SHOWN)}`;
  }
}

/** What is wrong with a message over WebSocket, if anything is. */
export function messageError(text: string): string | undefined {
  return text.includes('"INTERNAL_ERROR"') ? text.slice(0, SHOWN) : shapeError(socketMessage, text);
}

const socketMessage = z.union([
  z.looseObject({ type: z.enum(['connection_ack', 'ping', 'pong', 'complete']) }),
  z.looseObject({ type: z.literal('next'), payload: graphqlAnswer }),
  z.looseObject({ type: z.literal('error'), payload: z.array(wireError) }),
]);
