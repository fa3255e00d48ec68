import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedGateway, type TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await sharedGateway();
});
afterAll(async () => {
  await gateway.stop();
});

const audits = serverAudits({
  url: () => gateway.url,
  // The suite knows nothing of CSRF prevention, which wants a header that no form can send with every GET.
  fetchFn: async (url: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    headers.set('apollo-require-preflight', 'true');
    return await fetch(url, { ...init, headers });
  },
});

describe('the audits of GraphQL over HTTP', () => {
  it('are all there', () => {
    expect(audits).toHaveLength(61);
  });

  it.each(audits.map(({ name, id, fn }) => [name, id, fn] as const))('%s (%s)', async (_name, _id, audit) => {
    const result = await audit();
    expect(result.status === 'ok' ? '' : `${result.status}: ${result.reason}`).toBe('');
  });
});
