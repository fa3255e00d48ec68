import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { row, tally } from '../fault-suite/support/figures.js';
import { type Rig, startRig } from '../fault-suite/support/rig.js';
import { settle, startWriters } from '../fault-suite/support/writers.js';
import { freePort } from '../support/debian-postgres.js';
import type { ServerProcess } from '../support/processes.js';

/** How often gateways are stopped: `npm run test:proxies` says so; without a number there is nothing to do. */
const stops = Number(process.env['PROXY_STOPS'] ?? 0);

/** How haproxy and nginx are started with the configuration of docs/operations. */
const PROXIES = [
  {
    name: 'haproxy',
    program: '/usr/sbin/haproxy',
    config: 'docs/operations/haproxy.cfg',
    args: (file: string) => ['-f', file],
    shutdownDelayMs: 8_000,
    /** Two checks, of which each comes after two seconds. */
    upAfterMs: 5_000,
  },
  {
    name: 'nginx',
    program: '/usr/sbin/nginx',
    config: 'docs/operations/nginx.conf',
    args: (file: string) => ['-c', file, '-g', 'daemon off;'],
    shutdownDelayMs: 0,
    /** Its pause after a connection that was refused. */
    upAfterMs: 2_500,
  },
];

describe.each(PROXIES)(
  '$name, as docs/operations has it',
  ({ name, program, config, args, shutdownDelayMs, upAfterMs }) => {
    const isThere = stops > 0 && existsSync(program);
    let rig: Rig;
    let folder: string;
    let proxy: ChildProcess;
    let url: string;
    const gateways: ServerProcess[] = [];
    const ports: number[] = [];
    const start = async (port: number): Promise<ServerProcess> =>
      await rig.startGateway({ PORT: String(port), SHUTDOWN_DELAY_MS: String(shutdownDelayMs) });
    beforeAll(async () => {
      if (!isThere) return;
      rig = await startRig(8);
      folder = await mkdtemp(join(tmpdir(), 'device-gateway-proxy-'));
      // Its workers have another account.
      await chmod(folder, 0o755);
      for (let count = 0; count < 2; count += 1) ports.push(await freePort());
      for (const port of ports) gateways.push(await start(port));
      const listen = `127.0.0.1:${await freePort()}`;
      url = `http://${listen}/graphql`;
      const values = new Map([
        ['LISTEN', listen],
        ['GATEWAY_1', `127.0.0.1:${ports[0]}`],
        ['GATEWAY_2', `127.0.0.1:${ports[1]}`],
        ['RUN_DIR', folder],
      ]);
      const text = (await readFile(config, 'utf8')).replaceAll(
        /\$\{(\w+)\}/g,
        (place, key: string) => values.get(key) ?? place,
      );
      await writeFile(join(folder, 'config'), text);
      proxy = spawn(program, args(join(folder, 'config')), { stdio: 'ignore' });
    });
    afterAll(async () => {
      if (!isThere) return;
      const ended = once(proxy, 'exit');
      proxy.kill('SIGTERM');
      await ended;
      await rig.close();
      await rm(folder, { recursive: true, force: true });
    });

    it.skipIf(!isThere)(
      `fails no request while gateways are stopped and started ${stops} times under load`,
      async () => {
        const ready = async (): Promise<number> =>
          await fetch(new URL('/health/ready', url)).then(
            ({ status }) => status,
            () => 0,
          );
        await expect.poll(ready).toBe(200);
        const writers = await startWriters(rig, 16, () => url);
        await delay(500);
        const ends: (number | null)[] = [];
        for (let stop = 0; stop < stops; stop += 1) {
          const place = stop % 2;
          const stopped = gateways[place];
          ends.push((await stopped?.end('SIGTERM'))?.code ?? null);
          gateways[place] = await start(ports[place] ?? 0);
          if (stop < stops - 1) await delay(upAfterMs);
        }
        await writers.stop();
        const failed = writers.replies.filter(({ outcome }) => outcome !== 'done');
        const ledger = await settle(rig, writers.replies);
        row(name, {
          stops,
          requests: writers.replies.length,
          failed: tally(failed.map(({ outcome }) => outcome)),
          ...ledger,
        });
        expect(failed).toEqual([]);
        expect(ledger).toMatchObject({ lost: 0, unacknowledged: 0 });
        expect(new Set(ends)).toEqual(new Set([0]));
      },
      900_000,
    );
  },
);
