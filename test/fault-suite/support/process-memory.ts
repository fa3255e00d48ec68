import { readFile } from 'node:fs/promises';

/** Megabytes of memory that a process holds, buffers outside of its heap included. */
export async function residentMb(pid: number): Promise<number> {
  const [, kilobytes = ''] = /^VmRSS:\s*(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1_024;
}
