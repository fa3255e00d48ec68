import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedGateway, type TestGateway } from '../support/gateway.js';

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

describe('a browser that is given the address of the API is led to the explorer', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await sharedGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });
  const get = async (path: string, accept: string): Promise<Response> =>
    await fetch(new URL(path, gateway.url), { headers: { accept }, redirect: 'manual' });

  it.each([
    ['/graphql', 'explorer'],
    ['/graphql?from=there', 'explorer'],
    ['/graphql/', '../explorer'],
  ])('%s', async (path, location) => {
    const response = await get(path, BROWSER);
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe(location);
    expect(response.headers.get('vary')).toContain('accept');
    expect(new URL(location, new URL(path, gateway.url)).pathname).toBe('/explorer');
  });

  it.each([
    ['/graphql', '*/*'],
    ['/graphql', 'application/json'],
    ['/graphql?query={__typename}', BROWSER],
    ['/graphql?extensions={}', BROWSER],
  ])('%s by %s is a request of GraphQL', async (path, accept) => {
    const response = await get(path, accept);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('Any page could make a browser send this request');
  });
});
