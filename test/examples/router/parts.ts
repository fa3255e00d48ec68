import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Where Debian puts them: the path of an ordinary user does not lead there. */
export const DNSMASQ = '/usr/sbin/dnsmasq';
export const HOSTAPD = '/usr/sbin/hostapd';

/** Where root runs the tests everything can be installed, so there a missing program is a failure. */
export const isRoot = process.getuid?.() === 0;

/** What hostapd has read in a file, as far as it tells: both of a network with a passphrase. */
interface AccessPoint {
  readonly ssid: string | undefined;
  readonly passphrase: string | undefined;
  /** The same for WPA3, where no other is told; undefined of a network that also has WPA2. */
  readonly saePassword: string | undefined;
}

/** Has hostapd itself read a file and start without a radio. @returns undefined when it refuses the file */
export async function readByHostapd(path: string): Promise<AccessPoint | undefined> {
  const hostapd = spawn(HOSTAPD, ['-dd', '-K', path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  let isStarted = false;
  for await (const line of createInterface({ input: hostapd.stdout })) {
    lines.push(line);
    if (!line.endsWith('Setup of interface done.')) continue;
    isStarted = true;
    hostapd.kill();
  }
  if (!isStarted) return undefined;
  return {
    ssid: dumped(lines, 'SSID'),
    passphrase: dumped(lines, 'PSK (ASCII passphrase)'),
    saePassword: dumped(lines, 'SAE: password'),
  };
}

/** The text of a dump in hex digits, sixteen bytes a line. */
function dumped(lines: readonly string[], title: string): string | undefined {
  const first = lines.findIndex((line) => line.startsWith(`${title} - hexdump_ascii(`));
  const [, length] = /len=(\d+)/.exec(lines[first] ?? '') ?? [];
  if (length === undefined) return undefined;
  const rows = lines.slice(first + 1, first + 1 + Math.ceil(Number(length) / 16));
  const digits = rows.map((row) => row.slice(5, 5 + 3 * 16).replaceAll(' ', '')).join('');
  return Buffer.from(digits, 'hex').toString('utf8');
}
