import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorCode } from '../../errors/catalogue.js';
import type { HttpError } from './http-error.js';

/** What an endpoint answers; the server adds what all answers have in common. */
export interface HttpAnswer {
  readonly status: number;
  /** In lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  /** Whether other answers have the same body, which is in memory once for all of them. */
  readonly isShared?: boolean;
  /** Why there is no better answer; for the metrics. */
  readonly errorCode?: ErrorCode;
}

/** An answer that goes on until its endpoint, its client or a stop ends it. */
export interface StreamAnswer {
  readonly status: number;
  /** In lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Writes the body; called once, when the headers are set. */
  readonly stream: (response: ServerResponse) => void;
}

/** The methods that endpoints are written for. */
export type HttpMethod = 'GET' | 'POST';

/** One request, on its way to the endpoint that its path and method name. */
export interface HttpRequest {
  /** HEAD comes as GET; the server leaves the body of the answer out. */
  readonly method: HttpMethod;
  readonly headers: IncomingHttpHeaders;
  /** For endpoints that read a body (see body.ts). */
  readonly message: IncomingMessage;
  /** As it was sent, perhaps with a slash at its end. */
  readonly path: string;
  /** From the question mark on; empty without one. */
  readonly search: string;
  /** What stands in the path at the places that its pattern names (`:id`), decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly requestId: string;
}

/** Answers a request. An HttpError that it throws becomes an answer too, anything else INTERNAL_ERROR. */
export type EndpointHandler = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer | StreamAnswer>;

/** An error as the body of its response. */
export type ErrorPresenter = (error: HttpError, requestId: string) => string;

/** One path and what is served there. */
export interface Route {
  /** A path, or one with named places: `/network/device/:id`. */
  readonly path: string;
  readonly handlers: Readonly<Partial<Record<HttpMethod, EndpointHandler>>>;
  /** The shape of a GraphQL answer when it is not given. */
  readonly presentError?: ErrorPresenter;
}

/** The media type of every JSON answer that is not GraphQL's own. */
export const JSON_TYPE = 'application/json; charset=utf-8';

/** An answer of a small JSON document. */
export function jsonAnswer(status: number, value: unknown): HttpAnswer {
  return { status, headers: { 'content-type': JSON_TYPE }, body: JSON.stringify(value) };
}
