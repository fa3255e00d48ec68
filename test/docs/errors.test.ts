import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../src/errors/catalogue.js';

/** Codes that clients of automatic persisted queries know by name. */
const OF_APOLLO = ['PERSISTED_QUERY_NOT_FOUND'];

describe('docs/errors.md describes every error code under an anchor of its own', () => {
  it('the codes of the catalogue, each with cause and remedy', async () => {
    const text = await readFile(new URL('../../docs/errors.md', import.meta.url), 'utf8');
    const [, ...sections] = text.split(/^### /m);
    const codes = sections.map((section) => section.slice(0, section.indexOf('\n')));
    expect(codes.toSorted()).toEqual([...Object.keys(CATALOGUE), ...OF_APOLLO].toSorted());
    for (const section of sections) expect(section).toMatch(/\*\*Cause\.\*\* \S.*\*\*Remedy\.\*\* \S/s);
  });
});
