import { expect } from 'vitest';
import type { TestGateway } from './gateway.js';

/** The metrics of a gateway: name with labels → value. */
export async function metricsOf({ url }: Pick<TestGateway, 'url'>): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(new URL('/metrics', url));
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line): [string, number] => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}
