import { afterAll, beforeAll, expect, it } from 'vitest';
import { dripFor } from '../support/dripping.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

/** The time that a request may take to arrive, and what the look at all connections adds to it. */
const REQUEST_TIMEOUT_MS = 6_000;
const SLACK_MS = 2_000;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(async () => {
  await gateway.stop();
});

it('300 connections that drip are closed, and others are served meanwhile', async () => {
  const dripping = dripFor(gateway.url, 300, REQUEST_TIMEOUT_MS + SLACK_MS);
  expect((await gateway.query('{ __typename }')).status).toBe(200);
  expect(await dripping).toBe(0);
});

it('a connection that is kept says for how long', async () => {
  const response = await fetch(gateway.url, { headers: { connection: 'keep-alive' } });
  await response.text();
  expect(response.headers.get('keep-alive')).toBe('timeout=65');
});
