import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Change, ChangeLedger, parseChanges } from '../../src/persistence/change-ledger.js';

const DEVICE = '12345678901234567890abcd';
const MINUTE = 60_000;
const change = (seq: number): Change => ({ seq, deviceId: DEVICE });
const snapshot = (xmin: number, xmax = xmin) => ({ xmin: BigInt(xmin), xmax: BigInt(xmax) });

/** A heartbeat during which nothing is told. */
function beat(ledger: ChangeLedger, xmin: number, now = 0, xmax = xmin): void {
  ledger.beginBeat();
  ledger.endBeat(snapshot(xmin, xmax), now);
}

describe('a notification is read strictly', () => {
  it('seq and device, separated by commas', () => {
    expect(parseChanges(`7 ${DEVICE},8 ${DEVICE}`)).toEqual([change(7), change(8)]);
  });
  it.each(['', ',', '7', `7  ${DEVICE}`, `x ${DEVICE}`, `7 ${DEVICE.slice(1)}`, `-1 ${DEVICE}`])(
    'nothing is made of %j',
    (payload) => {
      expect(parseChanges(payload)).toEqual([]);
    },
  );
});

describe('what a listener remembers', () => {
  it('tells a change once, and forgets its number only when no replay can bring it again', () => {
    const ledger = new ChangeLedger();
    beat(ledger, 10);
    expect(ledger.take([change(1), change(1), change(2)])).toEqual([change(1), change(2)]);
    expect(ledger.take([change(1)])).toEqual([]);
    // Told by transaction 12, while 11 still runs: 12 lies beyond every horizon until 11 is done.
    for (let beats = 0; beats < 5; beats++) beat(ledger, 11, 0, 13);
    expect(ledger.replayFrom()).toBe(11n);
    expect(ledger.take([change(1)])).toEqual([]);
    beat(ledger, 13);
    beat(ledger, 13);
    expect(ledger.replayFrom()).toBe(13n);
    expect(ledger.take([change(1)])).toEqual([change(1)]);
  });

  it('replays from the heartbeat before the latest', () => {
    const ledger = new ChangeLedger();
    expect(ledger.replayFrom()).toBeUndefined();
    beat(ledger, 10);
    expect(ledger.replayFrom()).toBe(10n);
    beat(ledger, 20);
    beat(ledger, 30);
    expect(ledger.replayFrom()).toBe(20n);
  });

  it('lets go what is older than ten minutes, and knows that others do', () => {
    const ledger = new ChangeLedger();
    for (let minute = 0; minute <= 12; minute++) beat(ledger, minute * 100, minute * MINUTE);
    expect(ledger.prunableBelow(12 * MINUTE)).toBe(200n);
    expect(ledger.prunableBelow(9 * MINUTE)).toBeUndefined();
    expect(ledger.hasGap(snapshot(2_000), 12 * MINUTE)).toBe(false);
    expect(ledger.hasGap(snapshot(2_000), 20 * MINUTE)).toBe(false);
    expect(ledger.hasGap(snapshot(2_000), 20 * MINUTE + 1)).toBe(true);
  });

  it('a database that counts from a lower number is a gap; after it everything starts anew', () => {
    const ledger = new ChangeLedger();
    expect(ledger.hasGap(snapshot(1), 0)).toBe(false);
    beat(ledger, 100);
    ledger.take([change(1)]);
    expect(ledger.hasGap(snapshot(100), 0)).toBe(false);
    expect(ledger.hasGap(snapshot(99), 0)).toBe(true);
    ledger.reset();
    expect(ledger.replayFrom()).toBeUndefined();
    expect(ledger.take([change(1)])).toEqual([change(1)]);
  });
});

/** A database and a connection to it, as far as changes are concerned. */
class World {
  readonly told: number[] = [];
  readonly committed: { readonly xid: number; readonly seq: number }[] = [];
  readonly #ledger = new ChangeLedger();
  readonly #running = new Map<number, number>();
  #next = 1;
  #highest = 0;
  #beats = 0;
  #isConnected = false;
  /** Notifications on their way, and after which heartbeat they were sent. */
  #onTheWay: { readonly seq: number; readonly beat: number }[] = [];

  begin(): void {
    this.#running.set(this.#next, this.#next++);
  }

  /** Commits one of the transactions that run, not always the oldest. */
  commit(which: number): void {
    const running = [...this.#running];
    const [xid, seq] = running[which % running.length] ?? [];
    if (xid === undefined || seq === undefined) return;
    this.#running.delete(xid);
    this.#highest = Math.max(this.#highest, xid);
    this.committed.push({ xid, seq });
    if (this.#isConnected) this.#onTheWay.push({ seq, beat: this.#beats });
  }

  deliver(count: number): void {
    this.#tell(this.#onTheWay.splice(0, count).map(({ seq }) => seq));
  }

  beat(): void {
    if (!this.#isConnected) return;
    this.#ledger.beginBeat();
    this.#beats++;
    const snapshot = this.#snapshot();
    // What was sent before the previous heartbeat has come by now; of the rest anything may be late.
    this.deliver(this.#onTheWay.filter(({ beat: sent }) => sent < this.#beats - 1).length);
    this.#ledger.endBeat(snapshot, 0);
  }

  cut(): void {
    this.#isConnected = false;
    this.#onTheWay = [];
  }

  connect(): void {
    if (this.#isConnected) return;
    if (this.#ledger.replayFrom() === undefined) {
      this.#ledger.beginBeat();
      this.#ledger.endBeat(this.#snapshot(), 0);
    }
    this.#isConnected = true;
    const from = Number(this.#ledger.replayFrom());
    this.#tell(this.committed.filter(({ xid }) => xid >= from).map(({ seq }) => seq));
  }

  end(): void {
    this.connect();
    this.deliver(Infinity);
  }

  #snapshot(): { readonly xmin: bigint; readonly xmax: bigint } {
    const xmax = this.#highest + 1;
    return { xmin: BigInt(Math.min(xmax, ...this.#running.keys())), xmax: BigInt(xmax) };
  }

  #tell(seqs: readonly number[]): void {
    this.told.push(...this.#ledger.take(seqs.map(change)).map(({ seq }) => seq));
  }
}

describe('however transactions overlap, notifications come late and connections break', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant((world: World) => world.begin()) },
    { weight: 4, arbitrary: fc.nat(5).map((which) => (world: World) => world.commit(which)) },
    { weight: 2, arbitrary: fc.nat(3).map((count) => (world: World) => world.deliver(count)) },
    { weight: 3, arbitrary: fc.constant((world: World) => world.beat()) },
    { weight: 1, arbitrary: fc.constant((world: World) => world.cut()) },
    { weight: 2, arbitrary: fc.constant((world: World) => world.connect()) },
  );

  it('every change that is committed is told once', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
        const world = new World();
        world.connect();
        for (const run of steps) run(world);
        world.end();
        const expected = world.committed.map(({ seq }) => seq).sort((one, other) => one - other);
        expect([...world.told].sort((one, other) => one - other)).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });
});
