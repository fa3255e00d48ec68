import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { BuildInfo } from '../metrics/gateway-metrics.js';

const manifest = z.object({ version: z.string(), gitHead: z.string().default('unknown') });

/** What runs, as the package beside the code says; a bundle's names its commit. */
export function buildInfo(): BuildInfo {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version, gitHead } = manifest.parse(JSON.parse(text));
  return { version, revision: gitHead };
}
