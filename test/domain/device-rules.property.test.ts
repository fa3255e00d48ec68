import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyPatch } from '../../src/domain/device-patch.js';
import { violationsOfChange, isSameSettings, settingsViolations } from '../../src/domain/device-rules.js';
import { anyPatch, anySettings, FACTS, goodSettings } from './settings-arbitraries.js';

const RUNS = { numRuns: 1000 };
const paths = (violations: readonly { readonly path: string }[]): string[] =>
  violations.map(({ path }) => path);

describe('the rules accept what is good, and an update answers for what it changes and for nothing else', () => {
  it('finds no violation in good settings', () => {
    fc.assert(
      fc.property(goodSettings, (settings) => {
        expect(settingsViolations(settings, FACTS)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('never throws, whatever the settings hold', () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        expect(() => settingsViolations(settings, FACTS)).not.toThrow();
      }),
      RUNS,
    );
  });

  it('holds no update answerable that changes nothing, however bad the settings are', () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        expect(violationsOfChange(settings, structuredClone(settings), FACTS)).toEqual([]);
        expect(isSameSettings(settings, structuredClone(settings))).toBe(true);
      }),
      RUNS,
    );
  });

  it('reports every violation in an update of a device that was good before', () => {
    fc.assert(
      fc.property(goodSettings, anyPatch, (before, patch) => {
        const after = applyPatch(before, patch);
        expect(paths(violationsOfChange(before, after, FACTS))).toEqual(
          paths(settingsViolations(after, FACTS)),
        );
      }),
      RUNS,
    );
  });

  it('reports the same whether sections that stay are the same objects, whose rules are not asked, or equal ones', () => {
    fc.assert(
      fc.property(anySettings, anyPatch, (before, patch) => {
        const after = applyPatch(before, patch);
        expect(violationsOfChange(before, after, FACTS)).toEqual(
          violationsOfChange(structuredClone(before), after, FACTS),
        );
      }),
      RUNS,
    );
  });

  it('reports violations of the new state only', () => {
    fc.assert(
      fc.property(anySettings, anySettings, (before, after) => {
        const all = paths(settingsViolations(after, FACTS));
        for (const path of paths(violationsOfChange(before, after, FACTS))) expect(all).toContain(path);
      }),
      RUNS,
    );
  });

  it('never blocks a rename, however bad the rest is', () => {
    fc.assert(
      fc.property(anySettings, (before) => {
        const after = applyPatch(before, { name: 'Renamed' });
        expect(violationsOfChange(before, after, FACTS)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('never quotes a value in a sentence about it', () => {
    const secret = 'TopSecret\u0000';
    const patch = {
      name: secret,
      notes: secret,
      macAddress: secret,
      wifi: { ssid: secret, password: secret },
    };
    fc.assert(
      fc.property(goodSettings, (before) => {
        const violations = settingsViolations(applyPatch(before, patch), FACTS);
        expect(violations.length).toBeGreaterThanOrEqual(5);
        expect(JSON.stringify(violations)).not.toContain('TopSecret');
      }),
    );
  });
});
