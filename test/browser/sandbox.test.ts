import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXAMPLE_DOCUMENT } from '../../src/http/pages/example-operations.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { isBrowserMissing, openPage, startBrowser } from './browser.js';

let gateway: TestGateway;
let browser: Browser;
beforeAll(async () => {
  if (isBrowserMissing) return;
  gateway = await startTestGateway();
  browser = await startBrowser();
});
afterAll(async () => {
  if (isBrowserMissing) return;
  await browser.close();
  await gateway.stop();
});

/** Does what Apollo's script does with the page: puts a frame into it, and sends operations for the frame. */
const APOLLO_SCRIPT = `
window.EmbeddedSandbox = class {
  constructor(options) {
    const frame = document.createElement('iframe');
    frame.src = 'https://sandbox.embed.apollographql.com/sandbox/explorer?endpoint=' + options.initialEndpoint;
    document.querySelector(options.target).appendChild(frame);
    fetch(options.initialEndpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ __typename }' }),
    }).then(async (response) => { window.answer = await response.text(); });
    window.options = options;
  }
};`;

describe.skipIf(isBrowserMissing)(
  'Apollo Sandbox (skipped where /usr/bin/chromium-headless-shell is missing, but for root)',
  () => {
    it('opens with the examples, under a policy that lets it work', async () => {
      const { page, complaints } = await openPage(browser);
      await page.route('https://embeddable-sandbox.cdn.apollographql.com/**', async (route) => {
        await route.fulfill({ contentType: 'text/javascript', body: APOLLO_SCRIPT });
      });
      await page.route('https://sandbox.embed.apollographql.com/**', async (route) => {
        await route.fulfill({ contentType: 'text/html', body: '<h1>Sandbox</h1>' });
      });
      await page.goto(new URL('/', gateway.url).href);
      await page.frameLocator('iframe').getByText('Sandbox').waitFor();
      await expect
        .poll(async () => await page.evaluate('window.answer'))
        .toBe('{"data":{"__typename":"Query"}}\n');
      expect(await page.evaluate('window.options')).toMatchObject({
        initialEndpoint: gateway.url,
        initialState: { document: EXAMPLE_DOCUMENT },
        runTelemetry: false,
      });
      expect((await page.locator('iframe').boundingBox())?.height).toBe(900);
      expect(complaints).toEqual([]);
    });

    it.each(['light', 'dark'] as const)(
      'without a way to Apollo the page has links of our own, and no error is left uncaught, %s',
      async (colorScheme) => {
        const { page, complaints } = await openPage(browser);
        await page.emulateMedia({ colorScheme });
        await page.route('https://embeddable-sandbox.cdn.apollographql.com/**', async (route) => {
          await route.abort();
        });
        await page.goto(new URL('/', gateway.url).href);
        await page.getByRole('heading', { name: 'Device Gateway' }).waitFor();
        await expect.poll(() => complaints.length).toBeGreaterThan(0);
        // The browser itself tells of what could not be loaded.
        expect(complaints.filter((text) => !text.includes('embeddable-sandbox'))).toEqual([]);
        await page.setViewportSize({ width: 390, height: 844 });
        const link = page.getByRole('link', { name: 'The explorer' });
        expect(await link.isVisible()).toBe(true);
        await link.click();
        await page.waitForURL('**/explorer');
      },
    );
  },
);
