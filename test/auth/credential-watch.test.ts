import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Viewer } from '../../src/access/viewer.js';
import type { Credential } from '../../src/auth/credential.js';
import { watchCredential } from '../../src/auth/credential-watch.js';

const viewer: Viewer = { subject: 'e', level: 'MANAGER', customerId: 'c'.repeat(24), scopes: [] };

describe('credentials in use are watched until they end', () => {
  let told: string[];
  /** What the issuer says from now on. */
  let answer: Credential;
  let asked: number;
  beforeEach(() => {
    vi.useFakeTimers();
    told = [];
    asked = 0;
  });
  afterEach(() => vi.useRealTimers());

  const watch = (expiresAt: Date | null): (() => void) => {
    answer = { viewer, expiresAt };
    return watchCredential(answer, {
      ask: async () => {
        asked++;
        return await Promise.resolve(answer);
      },
      everyMs: 60_000,
      onRenewed: (credential) => told.push('viewer' in credential ? String(credential.viewer.level) : 'none'),
      onEnd: ({ code, facts }) => told.push(`${code} ${String(facts.restMessage)}`),
    });
  };
  const inMs = (ms: number): Date => new Date(Date.now() + ms);

  it('they end at the moment that they name, not before, and once', async () => {
    watch(inMs(150_000));
    await vi.advanceTimersByTimeAsync(149_999);
    expect(told).toEqual(['MANAGER', 'MANAGER']);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(told).toEqual(['MANAGER', 'MANAGER', 'UNAUTHENTICATED expired']);
    expect(asked).toBe(3);
  });

  it('those that live longer when they are used are asked about at their end', async () => {
    watch(inMs(30_000));
    answer = { viewer, expiresAt: inMs(90_000) };
    await vi.advanceTimersByTimeAsync(80_000);
    expect(told).toEqual(['MANAGER']);
    answer = { failure: new Error('away') };
    await vi.advanceTimersByTimeAsync(20_000);
    expect(told).toEqual(['MANAGER', 'UNAUTHENTICATED expired']);
  });

  it('a life of more than 2^31 ms is no short one', async () => {
    watch(inMs(2 ** 31 + 5_000));
    await vi.advanceTimersByTimeAsync(59_999);
    expect(told).toEqual([]);
  });

  it('what has expired already ends at once', async () => {
    watch(inMs(-5));
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toEqual(['UNAUTHENTICATED expired']);
  });

  it('what the issuer does not know any more ends, what it cannot be asked about does not', async () => {
    watch(null);
    answer = { failure: new Error('away') };
    await vi.advanceTimersByTimeAsync(60_000);
    expect([told, asked]).toEqual([[], 1]);
    answer = { rejection: 'invalid_token' };
    await vi.advanceTimersByTimeAsync(180_000);
    expect([told, asked]).toEqual([['UNAUTHENTICATED invalid_token'], 2]);
  });

  it('calls when the rights have changed', async () => {
    watch(null);
    answer = { viewer: { ...viewer, level: 'VIEWER' }, expiresAt: null };
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual(['VIEWER']);
  });

  it('calls nothing once nobody watches, not even for an answer that was on its way', async () => {
    const stop = watch(null);
    answer = { rejection: 'expired' };
    vi.advanceTimersByTime(60_000);
    stop();
    await vi.advanceTimersByTimeAsync(600_000);
    expect([told, asked]).toEqual([[], 1]);
  });
});
