import { beforeEach, describe, expect, it } from 'vitest';
import { cachedAuthenticate } from '../../src/auth/cached-authenticate.js';
import type { Authenticate, Credential } from '../../src/auth/credential.js';

const START = Date.parse('2026-01-01');

let clock: number;
/** Everything that reached the authenticator behind the cache. */
let asked: string[];
let verdict: (authorization: string) => Credential;
let authenticate: Authenticate;

const viewer = (expiresAt: Date | null = null): Credential => ({
  viewer: { subject: 'employee-1', level: 'OWNER', customerId: null, scopes: [] },
  expiresAt,
});
const refused: Credential = { rejection: 'invalid_token' };

function cache(changes: Partial<Parameters<typeof cachedAuthenticate>[1]> = {}): Authenticate {
  return cachedAuthenticate(
    async (authorization, address) => {
      asked.push(`${authorization ?? 'nothing'} from ${address}`);
      return await Promise.resolve(verdict(authorization ?? ''));
    },
    { viewerMs: 1_000, refusalMs: 100, maxEntries: 3, now: () => clock, ...changes },
  );
}

beforeEach(() => {
  clock = START;
  asked = [];
  verdict = () => viewer();
  authenticate = cache();
});

/** How often the authenticator is asked for a token that is sent now. */
async function timesAsked(token: string, address = 'a'): Promise<number> {
  const before = asked.length;
  await authenticate(token, address);
  return asked.length - before;
}

describe('a viewer is remembered', () => {
  it('for its time, and not a millisecond longer, however often it is asked for', async () => {
    expect(await timesAsked('t')).toBe(1);
    clock = START + 500;
    expect(await timesAsked('t')).toBe(0);
    clock = START + 999;
    expect(await timesAsked('t')).toBe(0);
    clock = START + 1_000;
    expect(await timesAsked('t')).toBe(1);
  });

  it('never beyond its expiry', async () => {
    verdict = () => viewer(new Date(START + 300));
    await authenticate('t', 'a');
    clock = START + 299;
    expect(await authenticate('t', 'a')).toEqual(viewer(new Date(START + 300)));
    expect(asked).toHaveLength(1);
    clock = START + 300;
    verdict = () => ({ rejection: 'expired' });
    expect(await authenticate('t', 'a')).toEqual({ rejection: 'expired' });
  });

  it('not at all when it has expired already', async () => {
    verdict = () => viewer(new Date(START));
    expect([await timesAsked('t'), await timesAsked('t')]).toEqual([1, 1]);
  });

  it('for its own token and address only', async () => {
    await authenticate('t', 'a');
    expect(await timesAsked('t', 'b')).toBe(1);
    expect(await timesAsked('u', 'a')).toBe(1);
    expect(asked).toEqual(['t from a', 't from b', 'u from a']);
  });
});

describe('what is no viewer', () => {
  it('a refusal is remembered for its own time', async () => {
    verdict = () => refused;
    await authenticate('t', 'a');
    clock = START + 99;
    expect(await authenticate('t', 'a')).toEqual(refused);
    expect(asked).toHaveLength(1);
    clock = START + 100;
    expect(await timesAsked('t')).toBe(1);
  });

  it('a refusal is remembered, too, of a token that was a viewer before', async () => {
    await authenticate('t', 'a');
    clock = START + 1_000;
    verdict = () => refused;
    expect([await timesAsked('t'), await timesAsked('t')]).toEqual([1, 0]);
    expect(await authenticate('t', 'a')).toEqual(refused);
  });

  it('a refusal is not remembered with refusalMs 0', async () => {
    authenticate = cache({ refusalMs: 0 });
    verdict = () => refused;
    expect([await timesAsked('t'), await timesAsked('t')]).toEqual([1, 1]);
  });

  it('a failure is never remembered', async () => {
    verdict = () => ({ failure: new Error('away') });
    expect([await timesAsked('t'), await timesAsked('t')]).toEqual([1, 1]);
    verdict = () => viewer();
    expect(await authenticate('t', 'a')).toEqual(viewer());
  });

  it('a request without credentials has nothing to remember', async () => {
    await authenticate(undefined, 'a');
    await authenticate(undefined, 'a');
    expect(asked).toHaveLength(2);
  });
});

describe('the memory is bounded', () => {
  it('whoever was not asked for the longest makes room', async () => {
    for (const token of ['1', '2', '3']) await authenticate(token, 'a');
    await authenticate('1', 'a');
    await authenticate('4', 'a');
    expect([await timesAsked('1'), await timesAsked('3'), await timesAsked('4')]).toEqual([0, 0, 0]);
    expect(await timesAsked('2')).toBe(1);
  });

  it('what has expired already takes no room', async () => {
    for (const token of ['1', '2', '3']) await authenticate(token, 'a');
    verdict = () => viewer(new Date(START));
    await authenticate('expired', 'a');
    expect(await timesAsked('1')).toBe(0);
  });

  it('a flood of bad tokens pushes no viewer out', async () => {
    await authenticate('good', 'a');
    verdict = () => refused;
    for (let index = 0; index < 50; index += 1) await authenticate(`bad ${index}`, 'a');
    expect(await timesAsked('good')).toBe(0);
    expect(await timesAsked('bad 49')).toBe(0);
    expect(await timesAsked('bad 0')).toBe(1);
  });
});

describe('requests with one token at the same time share one validation', () => {
  it('whatever it is', async () => {
    for (const known of [viewer(), refused, { failure: 'away' }]) {
      asked = [];
      verdict = () => known;
      authenticate = cache();
      const all = await Promise.all(Array.from({ length: 20 }, async () => await authenticate('t', 'a')));
      expect(all).toEqual(Array.from({ length: 20 }, () => known));
      expect(asked).toHaveLength(1);
    }
  });

  it('and one that throws leaves nothing behind', async () => {
    verdict = () => {
      throw new Error('broken');
    };
    await expect(authenticate('t', 'a')).rejects.toThrow('broken');
    verdict = () => viewer();
    expect(await authenticate('t', 'a')).toEqual(viewer());
  });
});
