// CPU time and memory of processes, from /proc.
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

/** One line of /proc/PID/stat; undefined when the process has ended. */
function readStat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [user, system, childUser, childSystem] = fields.slice(11, 15);
    return {
      pid: Number(pid),
      name,
      parent: fields[1],
      own: user + system,
      reaped: childUser + childSystem,
      rss: fields[21],
    };
  } catch {
    return undefined;
  }
}

/** Seconds of CPU, user and system, that a process and its threads have used. */
export function cpuSeconds(pid) {
  return (readStat(pid)?.own ?? 0) / TICKS_PER_SECOND;
}

/** Resident memory of a process in bytes. */
export function residentBytes(pid) {
  return (readStat(pid)?.rss ?? 0) * PAGE_BYTES;
}

/** Seconds of CPU that the machine, this benchmark with all its processes, and its PostgreSQL have used so far. */
export function readUsage() {
  const busy = readFileSync('/proc/stat', 'utf8').split(/\s+/, 8).slice(1).map(Number);
  const [user, nice, system, , , irq, softirq] = busy;
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const stats = pids.map(readStat).filter((stat) => stat !== undefined);
  const bench = family(stats, [process.pid]);
  const postgres = stats.filter(({ parent, name }) => parent === process.pid && name === 'postgres');
  return {
    machine: (user + nice + system + irq + softirq) / TICKS_PER_SECOND,
    bench: total(bench),
    postgres: total(
      family(
        stats,
        postgres.map(({ pid }) => pid),
      ),
    ),
  };
}

/** These processes and all below them. */
function family(stats, pids) {
  const members = stats.filter(({ pid }) => pids.includes(pid));
  for (const { pid } of members) members.push(...stats.filter(({ parent }) => parent === pid));
  return members;
}

/** What was reaped counts too, so that a process that ends in between is not lost. */
function total(stats) {
  return stats.reduce((sum, { own, reaped }) => sum + own + reaped, 0) / TICKS_PER_SECOND;
}
