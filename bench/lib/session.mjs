// Everything that a run needs, started in order, and stopped in the other order whatever happens.
import { startContender } from './contenders.mjs';
import { generateDevices, openDatabase } from './database.mjs';
import { startLoad } from './load.mjs';
import { startPlatform } from './platform.mjs';

/** Progress goes to stderr, results to stdout. */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/**
 * Runs `work` with a database, what the gateway needs around it, the load generator, `generate(devices)` and
 * `start(contender, more)`. Ctrl-C ends it early, and in order. The process ends with it.
 */
export async function withBench(options, work) {
  const started = [];
  const keep = (starting) => {
    started.unshift(starting);
    return starting;
  };
  try {
    await Promise.race([interrupted(), withParts(options, keep, work)]);
  } catch (error) {
    say(error === interruption ? error.message : error.stack);
    process.exitCode = 1;
  }
  // What was still starting is waited for, so that it can be stopped.
  for (const part of started) await part.then(({ stop }) => stop()).catch(() => undefined);
  process.exit();
}

async function withParts(options, keep, work) {
  const database = await keep(openDatabase());
  const platform = await keep(startPlatform());
  const load = await keep(startLoad(platform.tokens));
  const { tokens, env } = platform;
  await work({
    options,
    database,
    tokens,
    load,
    generate: async (devices) => await generateDevices(devices, database, env.WIFI_SECRET_KEYS),
    start: async (contender, { databaseUrl = database.url, ...more } = {}) =>
      await keep(startContender(contender, databaseUrl, platform, more)),
  });
}

const interruption = new Error('Interrupted.');

async function interrupted() {
  return await new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => reject(interruption));
  });
}
