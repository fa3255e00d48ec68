import type { EndpointHandler } from '../core/endpoint.js';
import { HttpError } from '../core/http-error.js';
import { staticText } from '../core/static-text.js';

/**
 * Serves the schema as text.
 * @param printSchema undefined where the schema is not shown, because introspection is closed
 */
export function schemaFile(printSchema: (() => string) | undefined): EndpointHandler {
  if (printSchema !== undefined)
    return staticText({ contentType: 'text/plain; charset=utf-8', load: printSchema });
  return () => {
    throw new HttpError(404, 'BAD_REQUEST', 'This server does not show its schema.');
  };
}
