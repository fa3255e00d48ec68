import type { EndpointHandler, HttpMethod, Route } from './endpoint.js';

/** The route that serves a path, and what its named places hold. */
interface RouteMatch {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds the route of a path. */
export type Router = (path: string) => RouteMatch | undefined;

/** Sorts a table of routes, so that most paths are found by one look-up. */
export function createRouter(routes: readonly Route[]): Router {
  const exact = new Map<string, RouteMatch>();
  const patterns: { readonly route: Route; readonly parts: readonly string[] }[] = [];
  for (const route of routes) {
    if (route.path.includes('/:')) patterns.push({ route, parts: route.path.split('/') });
    else exact.set(route.path, { route, params: {} });
  }
  return (asSent) => {
    const path = withoutTrailingSlash(asSent);
    const known = exact.get(path);
    if (known !== undefined) return known;
    const parts = path.split('/');
    for (const pattern of patterns) {
      const params = paramsOf(pattern.parts, parts);
      if (params !== undefined) return { route: pattern.route, params };
    }
    return undefined;
  };
}

/** A path as the routes have it: a slash at its end changes nothing. */
export function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** The handler for a method of HTTP; HEAD is GET without the body. */
export function handlerFor(
  { handlers }: Route,
  method: string,
): { readonly method: HttpMethod; readonly handle: EndpointHandler } | undefined {
  const known = method === 'HEAD' ? 'GET' : method;
  if (known !== 'GET' && known !== 'POST') return undefined;
  const handle = handlers[known];
  return handle && { method: known, handle };
}

/** The methods that a route answers, as the header `allow` has them. */
export function allowedMethods({ handlers }: Route): string {
  return [
    ...(handlers.GET === undefined ? [] : ['GET', 'HEAD']),
    ...(handlers.POST === undefined ? [] : ['POST']),
    'OPTIONS',
  ].join(', ');
}

function paramsOf(
  pattern: readonly string[],
  parts: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (pattern.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const part = parts[index] ?? '';
    if (!expected.startsWith(':')) {
      if (part !== expected) return undefined;
    } else if (part === '') {
      return undefined;
    } else {
      params[expected.slice(1)] = decoded(part);
    }
  }
  return params;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // Not percent-encoded after all; whatever it names will not be found under it.
    return part;
  }
}
