import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';

const CHROMIUM = '/usr/bin/chromium-headless-shell';

/** Where root runs the tests everything can be installed, so there a missing browser is a failure. */
export const isBrowserMissing = !existsSync(CHROMIUM) && process.getuid?.() !== 0;

/** A page, and everything that went wrong or out on it. */
export interface WatchedPage {
  readonly page: Page;
  /** Console errors and warnings of a broken policy, errors that nobody caught, requests that failed. */
  readonly complaints: string[];
  /** Hosts that anything was asked of; `data:` and the like have none. */
  readonly hosts: Set<string>;
}

/** Starts a browser without a window. */
export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  });
}

/** Opens a page of a fresh profile and watches it. It is closed with the test; an open one goes on drawing while others are tested. */
export async function openPage(browser: Browser): Promise<WatchedPage> {
  const watched = await watchPage(browser);
  onTestFinished(async () => await watched.page.context().close());
  return watched;
}

/** The same for several tests, which close its context. */
export async function watchPage(browser: Browser): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await context.newPage();
  const complaints: string[] = [];
  const hosts = new Set<string>();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.text().includes('Content Security Policy')) {
      complaints.push(`${message.text()} (${message.location().url})`);
    }
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  context.on('requestfailed', (request) => complaints.push(`${request.method()} ${request.url()} failed`));
  context.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  context.on('request', (request) => {
    const { host } = new URL(request.url());
    if (host !== '') hosts.add(host);
  });
  return { page, complaints, hosts };
}
