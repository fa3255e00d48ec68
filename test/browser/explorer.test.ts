import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { touch } from '../live/subscriber.js';
import { isBrowserMissing, openPage, startBrowser, type WatchedPage, watchPage } from './browser.js';

const DEMO_FLEET = new URL('../../prisma/demo-fleet.json', import.meta.url);
const CUSTOMER = '12345678901234567890cccc';
const DEVICE = '12345678901234567890abcd';

let gateway: TestGateway;
let browser: Browser;
let screenshots: string;
beforeAll(async () => {
  if (isBrowserMissing) return;
  screenshots = await mkdtemp(join(tmpdir(), 'device gateway screenshots '));
  gateway = await startTestGateway();
  await gateway.importFleet(JSON.parse(await readFile(DEMO_FLEET, 'utf8')));
  browser = await startBrowser();
});
afterAll(async () => {
  if (isBrowserMissing) return;
  await browser.close();
  await gateway.stop();
});

const address = (path: string): string => new URL(path, gateway.url).href;

const QUERY = '.graphiql-query-editor';
const TOOLS = '.graphiql-editor-tool';
const RESULT = '.result-window';

/** What an editor shows; it writes spaces as non-breaking ones. */
async function shown(page: Page, editor: string): Promise<string> {
  const text = await page.locator(`${editor} .view-lines >> visible=true`).innerText();
  return text.replaceAll('\u00a0', ' ');
}

const NOWHERE = { x: 0, y: 0, width: 0, height: 0 };

async function pasteToken(page: Page, token: string): Promise<void> {
  const text = JSON.stringify({ Authorization: `Bearer ${token}` }, undefined, 2);
  await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
  await page.locator(`${TOOLS} .view-lines >> visible=true`).click();
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Control+V');
  await expect.poll(async () => await headersOf(page)).toContain('eyJ');
}

/** What the editor of the headers holds, of which a narrow page shows a part. */
async function headersOf(page: Page): Promise<string> {
  const model = `monaco.editor.getModels().find(({ uri }) => uri.path.endsWith('request-headers.json'))`;
  return String(await page.evaluate(`${model}?.getValue()`));
}

/** The button stops what still runs, a subscription that is being refused for instance; then it executes again. */
async function execute(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Execute query' }).click();
}

/** The editors hand on what they hold a moment later, so what is executed at once may be what they held before. */
async function executeUntil(page: Page, isThere: () => boolean | Promise<boolean>): Promise<void> {
  const step = async (): Promise<boolean> => {
    await execute(page);
    await page.waitForTimeout(500);
    return await isThere();
  };
  await expect.poll(step).toBe(true);
}

async function run(page: Page, operation: string): Promise<void> {
  await execute(page);
  await page.getByRole('menuitem', { name: operation }).click();
}

/** What is out of place: a page that scrolls, a line of the examples that is cut off, a result in a small corner. */
async function layoutProblems(page: Page): Promise<readonly string[]> {
  const problems: string[] = [];
  const size =
    'JSON.stringify([document.documentElement.scrollWidth, document.documentElement.scrollHeight])';
  const viewport = page.viewportSize();
  const scrolled = String(await page.evaluate(size));
  if (scrolled !== JSON.stringify([viewport?.width, viewport?.height])) problems.push(`scrolls: ${scrolled}`);
  const editor = (await page.locator(QUERY).boundingBox()) ?? NOWHERE;
  for (const text of ['Paste a token', 'print tokens', 'mutation FirstUpdate']) {
    const line = page
      .locator(`${QUERY} .view-line`, { hasText: new RegExp(text.replaceAll(' ', '.')) })
      .first();
    const box = await line.locator('> span').boundingBox();
    const end = (box?.x ?? NaN) + (box?.width ?? NaN);
    if (!(end <= editor.x + editor.width)) problems.push(`cut off: ${text}`);
  }
  const result = (await page.locator(RESULT).boundingBox()) ?? NOWHERE;
  if (!(result.width > 250 && result.height > 150)) problems.push(`result: ${JSON.stringify(result)}`);
  return problems;
}

describe.skipIf(isBrowserMissing)(
  'one visit to the explorer (skipped where /usr/bin/chromium-headless-shell is missing, but for root)',
  () => {
    // To load the page takes seconds of CPU, so the cases go on where the one before ended.
    let visit: WatchedPage;
    let page: Page;
    beforeAll(async () => {
      visit = await watchPage(browser);
      ({ page } = visit);
      await page.goto(address('/explorer'));
    });
    afterAll(async () => {
      await page.context().close();
    });

    it('opens with examples', async () => {
      await expect.poll(async () => await shown(page, QUERY)).toContain('mutation FirstUpdate');
      expect(await shown(page, QUERY)).toContain('query ReadBack');
      expect(await shown(page, TOOLS)).toContain('"Authorization": "Bearer PASTE_A_TOKEN_HERE"');
    });

    it('says what is missing when it is run without a token', async () => {
      await run(page, 'ReadBack');
      await expect.poll(async () => await shown(page, RESULT)).toContain('UNAUTHENTICATED');
    });

    it('a double click selects the place of the token as a whole', async () => {
      const line = page.locator(`${TOOLS} .view-line`, { hasText: 'Authorization' });
      // The line is coloured, and with that divided, a moment after it is there.
      const selected = async (): Promise<unknown> => {
        const { x, y, width, height } = (await line.locator('span > span').last().boundingBox()) ?? NOWHERE;
        await page.mouse.dblclick(x + width - 60, y + height / 2);
        return await page.evaluate(
          'monaco.editor.getEditors().map((editor) => editor.getModel().getValueInRange(editor.getSelection())).join("")',
        );
      };
      await expect.poll(selected).toBe('PASTE_A_TOKEN_HERE');
      await page.keyboard.insertText('one.two.three');
      await expect.poll(async () => await shown(page, TOOLS)).toContain('"Bearer one.two.three"');
    });

    it('runs the first mutation with a token', async () => {
      await pasteToken(page, await gateway.token('MANAGER', CUSTOMER));
      await run(page, 'FirstUpdate');
      await expect.poll(async () => await shown(page, RESULT)).toContain('"name": "My Primary Router"');
      expect(await shown(page, RESULT)).not.toContain('errors');
      await page.screenshot({ path: join(screenshots, 'mutation.png') });
      const { rows } = await gateway.sql.query('SELECT name, notes FROM network_device WHERE id = $1', [
        DEVICE,
      ]);
      expect(rows).toEqual([{ name: 'My Primary Router', notes: null }]);
      await run(page, 'ReadBack');
      await expect.poll(async () => await shown(page, RESULT)).toContain('"accessLevel": "MANAGER"');
    });

    it.each([
      [1280, 800, 'light'],
      [1280, 800, 'dark'],
      [800, 700, 'light'],
      [390, 844, 'light'],
    ] as const)('is readable and does not scroll at %i × %i, %s', async (width, height, colorScheme) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height });
      await run(page, 'ReadBack');
      await expect.poll(async () => await shown(page, RESULT)).toContain('"accessLevel": "MANAGER"');
      await expect.poll(async () => await layoutProblems(page)).toEqual([]);
      await page.screenshot({ path: join(screenshots, `${width}-${colorScheme}.png`) });
    });

    it('has documentation, without what portals compose schemas of', async () => {
      await page.setViewportSize({ width: 1400, height: 900 });
      await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
      await page.getByText('NetworkDevice', { exact: true }).first().waitFor();
      const documentation = await page.locator('.graphiql-plugin').innerText();
      expect(documentation).not.toMatch(/(?<!_)_(?:Service|Entity|Any|sdl|service|entities)/);
      expect(documentation).toContain('DeviceModel');
      await page.getByText('updateNetworkDevice').last().waitFor();
      await page.screenshot({ path: join(screenshots, 'documentation.png') });
    });

    it('keeps no token and nothing else beyond the tab, and puts no document into the address', async () => {
      const token = await gateway.token('MANAGER', CUSTOMER);
      await pasteToken(page, token);
      await page.locator(`${QUERY} .view-lines`).click();
      await page.keyboard.press('Control+A');
      await page.keyboard.insertText('query Typed { viewer { id } } #');
      // GraphiQL stores what is typed after a pause.
      await expect
        .poll(async () => await page.evaluate('JSON.stringify(sessionStorage)'))
        .toContain('query Typed');
      expect(await page.evaluate('JSON.stringify(sessionStorage)')).not.toContain(token.slice(-20));
      expect(await page.evaluate('JSON.stringify(localStorage)')).toBe('{}');
      expect(page.url()).toBe(address('/explorer'));
    });

    it('asks nothing of another host, and nothing goes wrong', () => {
      // The workers complete and check; by now they would have said that they could not be started.
      expect(page.workers().length).toBeGreaterThan(0);
      expect(visit.complaints).toEqual([]);
      expect([...visit.hosts]).toEqual([new URL(gateway.url).host]);
    });
  },
);

describe.skipIf(isBrowserMissing)(
  'the explorer, opened anew (skipped where /usr/bin/chromium-headless-shell is missing, but for root)',
  () => {
    it('is readable on a narrow screen from the start, in the dark', async () => {
      const { page } = await openPage(browser);
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.setViewportSize({ width: 390, height: 844 });
      await page.goto(address('/explorer'));
      await expect.poll(async () => await shown(page, QUERY)).toContain('Paste a token');
      await pasteToken(page, await gateway.token('MANAGER', CUSTOMER));
      await run(page, 'ReadBack');
      await expect.poll(async () => await shown(page, RESULT)).toContain('"accessLevel": "MANAGER"');
      expect(await layoutProblems(page)).toEqual([]);
      await page.screenshot({ path: join(screenshots, '390-dark.png') });
    });

    it('shows the events of a subscription, with the token of the tab', async () => {
      const { page, complaints, hosts } = await openPage(browser);
      await page.goto(address('/explorer'));
      await page.getByRole('tab', { name: 'Watch' }).click();
      await expect.poll(async () => await shown(page, QUERY)).toContain('subscription Watch');
      await executeUntil(page, async () => (await shown(page, RESULT)).includes('UNAUTHENTICATED'));
      const started = (): number =>
        gateway.logLines.filter((line) => line.includes('subscription started')).length;
      const before = started();
      await pasteToken(page, await gateway.token('MANAGER', CUSTOMER));
      await executeUntil(page, () => started() > before);
      await touch(gateway, [DEVICE], 'Seen from afar');
      await expect.poll(async () => await shown(page, RESULT)).toContain('"name": "Seen from afar"');
      await page.screenshot({ path: join(screenshots, 'subscription.png') });
      expect(complaints).toEqual([]);
      expect([...hosts]).toEqual([new URL(gateway.url).host]);
    });

    it('works with a slash at the end of its address too', async () => {
      const { page, complaints } = await openPage(browser);
      await page.goto(address('/explorer/?from=there'));
      await expect.poll(async () => await shown(page, QUERY)).toContain('mutation FirstUpdate');
      await pasteToken(page, await gateway.token('MANAGER', CUSTOMER));
      await run(page, 'ReadBack');
      await expect.poll(async () => await shown(page, RESULT)).toContain('"accessLevel": "MANAGER"');
      await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
      expect(page.url()).toBe(address('/explorer?from=there'));
      expect(page.workers().length).toBeGreaterThan(0);
      expect(complaints).toEqual([]);
    });

    it('has the token of one tab in the others, and in new ones, and keeps it nowhere', async () => {
      const { page } = await openPage(browser);
      await page.goto(address('/explorer'));
      await expect.poll(async () => await shown(page, QUERY)).toContain('mutation FirstUpdate');
      const token = await gateway.token('MANAGER', CUSTOMER);
      await pasteToken(page, token);
      await page.getByRole('tab', { name: 'Watch' }).click();
      await expect.poll(async () => await shown(page, QUERY)).toContain('subscription Watch');
      await expect.poll(async () => await shown(page, TOOLS)).toContain('eyJ');
      const started = (): number =>
        gateway.logLines.filter((line) => line.includes('subscription started')).length;
      const before = started();
      await execute(page);
      await expect.poll(started).toBe(before + 1);
      await page.getByRole('button', { name: 'New tab' }).click();
      await expect.poll(async () => await shown(page, TOOLS)).toContain('eyJ');
      // GraphiQL stores its tabs after a pause.
      await page.waitForTimeout(1_500);
      const kept = await page.evaluate(
        'JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie])',
      );
      expect(kept).not.toContain(token.slice(-20));
      await page.reload();
      await expect.poll(async () => await shown(page, TOOLS)).not.toContain('eyJ');
    });

    it('is where the address of the API leads a browser', async () => {
      const { page, complaints } = await openPage(browser);
      await page.goto(address('/graphql/'));
      expect(page.url()).toBe(address('/explorer'));
      await expect.poll(async () => await shown(page, QUERY)).toContain('mutation FirstUpdate');
      expect(complaints).toEqual([]);
    });
  },
);
