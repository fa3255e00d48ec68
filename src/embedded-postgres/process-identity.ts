import { errorCode } from '../errors/error-code.js';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * One process. `started` distinguishes it from a later process with the same number; it is null where the operating
 * system does not say, and then the number alone has to do.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly started: string | null;
}

interface ProcessState {
  readonly started: string;
  readonly defunct: boolean;
}

/** What Linux says of a process; undefined when it has ended, is hidden, or the system is another one. */
async function stateOf(pid: number): Promise<ProcessState | undefined> {
  try {
    const [stat, bootId] = await Promise.all([
      readFile(`/proc/${String(pid)}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ]);
    // The second field is the command in brackets and may itself hold blanks and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, ticks] = [fields[0], fields[19]];
    if (state === undefined || ticks === undefined) return undefined;
    // The ticks count from the start of the machine, so they say nothing without the boot they belong to.
    return { started: `${bootId.trim()}/${ticks}`, defunct: state === 'Z' || state === 'X' };
  } catch {
    return undefined;
  }
}

/** The identity of the process that has this number now. */
export async function identityOf(pid: number): Promise<ProcessIdentity> {
  return { pid, started: (await stateOf(pid))?.started ?? null };
}

/** That very process still runs. One that has ended and waits for its parent to notice does not. */
export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    // EPERM: it exists, under another account.
    if (errorCode(error) !== 'EPERM') return false;
  }
  const state = await stateOf(identity.pid);
  if (state === undefined) return true;
  return !state.defunct && (identity.started === null || identity.started === state.started);
}

async function endsWithin(identity: ProcessIdentity, milliseconds: number): Promise<boolean> {
  const deadline = Date.now() + milliseconds;
  while (await isRunning(identity)) {
    if (Date.now() > deadline) return false;
    await delay(10);
  }
  return true;
}

/** Sends the signals one after another until the process has ended; false when it outlives all of them. */
export async function endProcess(
  identity: ProcessIdentity,
  steps: readonly (readonly [signal: NodeJS.Signals, patienceInMilliseconds: number])[],
): Promise<boolean> {
  for (const [signal, patience] of steps) {
    if (!(await isRunning(identity))) return true;
    try {
      process.kill(identity.pid, signal);
    } catch (error) {
      if (errorCode(error) !== 'ESRCH') throw error;
    }
    if (await endsWithin(identity, patience)) return true;
  }
  return false;
}
