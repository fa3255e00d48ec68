import type { ServerProcess } from '../../support/processes.js';
import { type Strike, strike } from './attack.js';
import { median } from './figures.js';
import { hostileVariation } from './hostile.js';
import { type HostileStep, type HostileWorld, shownStep, stepBoundMs } from './hostile-steps.js';
import { slownessOfMachine } from './machine.js';

/** Sends of one variation that decide whether it breaks a bound. */
const CONFIRMING_ROUNDS = 5;

const PROBE: HostileStep = {
  via: 'http',
  method: 'POST',
  path: '/graphql',
  headers: { 'content-type': 'application/json' },
  body: '{"query":"{ __typename }"}',
};

/** What was sent in a siege, and what came of it. */
export interface Siege {
  /**
   * Goes on with the next variations until it is over.
   * @param backgroundCpu that the process spends on others, in milliseconds a millisecond
   * @param turns at most so many variations
   */
  readonly attack: (backgroundCpu: number, turns: number, isOver: () => boolean) => Promise<void>;
  /** Sends what was suspicious again, alone, and keeps what breaks the bound. */
  readonly confirm: () => Promise<void>;
  /** One line for each variation that broke a bound or got an answer that no client can work with. */
  readonly broken: readonly string[];
  /** For each kind how many steps there were, and the CPU of the worst that was sent beside the load. */
  readonly kinds: ReadonlyMap<string, { readonly steps: number; readonly worstMs: number }>;
}

/** A siege: hostile variations, one after the other. */
export interface SiegePlan {
  readonly gateway: ServerProcess;
  readonly world: HostileWorld;
  readonly seed: number;
  /** The first variation; all from there on follow. */
  readonly firstTurn: number;
  /** Milliseconds of CPU that a request may cost beyond the smallest one. */
  readonly boundMs: number;
}

/** Prepares a siege of a gateway. */
export async function startSiege(plan: SiegePlan): Promise<Siege> {
  const { gateway, world, seed, boundMs } = plan;
  const { pid } = gateway.child;
  if (pid === undefined) throw new Error('The gateway has no process.');
  const send = async (step: HostileStep): Promise<Strike> => await strike(gateway.url, pid, step);
  const baselines: number[] = [];
  for (let warm = 0; warm < 40; warm += 1) baselines.push((await send(PROBE)).cpuMs);
  const baselineMs = median(baselines.slice(20));

  const broken: string[] = [];
  const suspects: { readonly turn: number; readonly kind: string; readonly index: number }[] = [];
  const kinds = new Map<string, { steps: number; worstMs: number }>();
  let turn = plan.firstTurn;
  const name = (of: number): string => `HOSTILE_SEED=${seed} HOSTILE_TURN=${of}`;

  const stormOnce = async (backgroundCpu: number): Promise<void> => {
    const { kind, steps } = hostileVariation(world, seed, turn, 0);
    for (const [index, step] of steps.entries()) {
      const { cpuMs, tookMs, fault } = await send(step);
      const beyondMs = cpuMs - baselineMs - backgroundCpu * tookMs;
      const seen = kinds.get(kind) ?? { steps: 0, worstMs: 0 };
      kinds.set(kind, { steps: seen.steps + 1, worstMs: Math.max(seen.worstMs, beyondMs) });
      if (beyondMs > stepBoundMs(step, boundMs)) suspects.push({ turn, kind, index });
      if (fault !== undefined) broken.push(`${name(turn)} (${kind}): ${fault} FOR ${shownStep(step)}`);
    }
    turn += 1;
  };

  const confirmOne = async ({ turn: of, kind, index }: (typeof suspects)[number]): Promise<void> => {
    /** Shares of what the step may cost. */
    const spent: number[] = [];
    let [shown, allowedMs] = ['', boundMs];
    const slowness = slownessOfMachine();
    // More than half above the bound, or not, decides about the median.
    const isDecided = (): boolean =>
      Math.max(spent.filter((share) => share > 1).length, spent.filter((share) => share <= 1).length) * 2 >
      CONFIRMING_ROUNDS;
    for (let round = 1; !isDecided(); round += 1) {
      const { steps } = hostileVariation(world, seed, of, round);
      for (const [place, step] of steps.slice(0, index + 1).entries()) {
        const { cpuMs } = await send(step);
        allowedMs = stepBoundMs(step, boundMs) * slowness;
        if (place === index) spent.push((cpuMs - baselineMs) / allowedMs);
        shown = shownStep(step);
      }
    }
    const share = median(spent);
    if (share <= 1) return;
    const cost = `${Math.round(share * allowedMs)} ms of CPU, bound ${Math.round(allowedMs)} ms`;
    broken.push(`${name(of)} (${kind}): ${cost} FOR ${shown}`);
  };

  return {
    attack: async (backgroundCpu, turns, isOver) => {
      const end = turn + turns;
      while (turn < end && !isOver() && gateway.child.exitCode === null) await stormOnce(backgroundCpu);
    },
    confirm: async () => {
      for (const suspect of suspects.splice(0)) await confirmOne(suspect);
    },
    broken,
    kinds,
  };
}
