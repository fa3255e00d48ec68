import { describe, expect, it } from 'vitest';
import { WatchBudget } from '../../src/live/watch-budget.js';

const LIMITS = {
  subscriptions: { ofSubject: 3, ofProcess: 5 },
  ids: { ofSubject: 100, ofProcess: 150 },
  bytes: { ofSubject: 1_000, ofProcess: 1_500 },
};

describe('what subscriptions hold is bounded for each subject and for the process', () => {
  const take = (budget: WatchBudget, subject: string, ids = 0, bytes = 0, key = `${ids} ${bytes}`) =>
    budget.take({ subject, filter: { key, ids }, request: { key, bytes } });
  const overloaded: unknown = expect.objectContaining({ code: 'OVERLOADED' });

  it('subscriptions', () => {
    const budget = new WatchBudget(LIMITS);
    const giveBack = take(budget, 'a');
    for (const subject of ['a', 'a', 'b']) take(budget, subject);
    expect(() => take(budget, 'a')).toThrow(overloaded);
    take(budget, 'b');
    expect(() => take(budget, 'c')).toThrow(overloaded);
    giveBack();
    giveBack();
    take(budget, 'c');
    expect(() => take(budget, 'c')).toThrow(overloaded);
  });

  it('ids and bytes, equal ones of a subject once', () => {
    const budget = new WatchBudget(LIMITS);
    const equal = [take(budget, 'a', 60, 600), take(budget, 'a', 60, 600)];
    expect(() => take(budget, 'a', 41)).toThrow(overloaded);
    expect(() => take(budget, 'a', 0, 401)).toThrow(overloaded);
    expect(() => take(budget, 'b', 91)).toThrow(overloaded);
    expect(() => take(budget, 'b', 0, 901)).toThrow(overloaded);
    equal[0]?.();
    expect(() => take(budget, 'a', 41)).toThrow(overloaded);
    equal[1]?.();
    take(budget, 'a', 100, 1_000);
  });

  it('a refusal keeps nothing', () => {
    const budget = new WatchBudget(LIMITS);
    for (let count = 0; count < 10; count += 1) {
      expect(() => take(budget, 'a', 100, 1_001)).toThrow(overloaded);
    }
    take(budget, 'a', 100, 1_000);
  });
});
