/**
 * The CPU time that this process, gateway and client alike, takes for some work: the median of five runs, because other
 * processes of the machine disturb single ones.
 * @returns milliseconds
 */
export async function cpuMsOf(work: () => Promise<unknown>): Promise<number> {
  await work();
  const times: number[] = [];
  for (let run = 0; run < 5; run += 1) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1_000);
  }
  return times.sort((one, other) => one - other)[2] ?? NaN;
}
