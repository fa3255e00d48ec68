import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice } from '../../support/fleet.js';
import { sharedGateway, type TestGateway } from '../../support/gateway.js';
import { byRule, expectAccepted, expectRefused } from './update.js';

const EMOJI = '\u{1F680}';

describe('updateNetworkDevice never stores a name or notes that break a rule', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await sharedGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it.each(
    byRule([
      { rule: 'null', name: null },
      { rule: 'the empty text', name: '' },
      { rule: 'blanks alone', name: '   ' },
      { rule: 'a no-break space', name: '\u00a0' },
      { rule: 'an ideographic space', name: '\u3000' },
      { rule: 'zero width spaces', name: '\u200b\u200b' },
      { rule: 'a byte order mark', name: '\ufeff' },
      { rule: 'zero width joiners with blanks between', name: '\u200d \u200c' },
      { rule: 'a soft hyphen', name: '\u00ad' },
      { rule: 'marks of writing direction', name: '\u202e\u202c\u200f' },
      { rule: 'a Hangul filler', name: '\u3164' },
      { rule: 'half a Hangul syllable of fillers', name: '\u115f\u1160' },
      { rule: 'an empty Braille pattern', name: '\u2800' },
      { rule: 'a variation selector', name: '\ufe0f' },
      { rule: 'a tag character', name: '\u{e0041}' },
      { rule: 'line and paragraph separators', name: '\u2028\u2029' },
      { rule: '101 characters', name: 'x'.repeat(101) },
      { rule: '101 characters that compose to no less', name: `${'e\u0301'.repeat(100)}x` },
      { rule: '101 emoji', name: EMOJI.repeat(101) },
      { rule: '101 characters with blanks around', name: ` ${'x'.repeat(101)} ` },
      { rule: 'a line break', name: 'My\nrouter' },
      { rule: 'a carriage return', name: 'My\rrouter' },
      { rule: 'a tab', name: 'My\trouter' },
      { rule: 'NUL', name: 'My\u0000router' },
      { rule: 'NUL at the end', name: 'My router\u0000' },
      { rule: 'an escape', name: 'My\u001brouter' },
      { rule: 'DEL', name: 'My\u007frouter' },
      { rule: 'a C1 control character', name: 'My\u009brouter' },
      { rule: 'half a surrogate pair', name: 'My \ud800 router' },
      { rule: 'the other half of a surrogate pair', name: 'My router\udc00' },
    ]),
  )('refuses %s as a name', async (_, { name }) => {
    await expectRefused(gateway, await createDevice(gateway), { name }, ['name']);
  });

  it.each(
    byRule([
      { rule: '4097 characters', notes: 'x'.repeat(4097) },
      { rule: '4097 emoji', notes: EMOJI.repeat(4097) },
      { rule: '4097 characters that end in a line break', notes: `${'x'.repeat(4096)}\n` },
      { rule: 'NUL', notes: 'Note\u0000' },
      { rule: 'a bell', notes: 'Note\u0007' },
      { rule: 'a vertical tab', notes: 'Note\u000babout' },
      { rule: 'DEL', notes: 'Note\u007f' },
      { rule: 'half a surrogate pair', notes: 'Note \ud800' },
      { rule: 'both halves of a surrogate pair with a line break between', notes: 'Note \ud83d\n\ude80' },
    ]),
  )('refuses %s as notes', async (_, { notes }) => {
    await expectRefused(gateway, await createDevice(gateway), { notes }, ['notes']);
  });

  it.each(
    byRule([
      { rule: 'one character', name: 'x', stored: 'x' },
      { rule: '100 characters', name: 'x'.repeat(100), stored: 'x'.repeat(100) },
      { rule: '100 emoji', name: EMOJI.repeat(100), stored: EMOJI.repeat(100) },
      { rule: '100 characters with blanks around', name: `  ${'x'.repeat(100)} `, stored: 'x'.repeat(100) },
      { rule: '200 characters that compose to 100', name: 'e\u0301'.repeat(100), stored: 'é'.repeat(100) },
      { rule: 'decomposed Hangul', name: '\u1100\u1161\u11a8', stored: '각' },
      { rule: 'a letter that has one composed spelling only', name: '\u212b', stored: 'Å' },
      { rule: 'emoji that are joined', name: '👨‍👩‍👧', stored: '👨‍👩‍👧' },
      { rule: 'something that shows among what does not', name: '\u200b.\u200b', stored: '\u200b.\u200b' },
      { rule: 'blanks of other scripts around', name: '\u3000路由器\u00a0', stored: '路由器' },
      { rule: 'blanks inside, which stay', name: ' My  router ', stored: 'My  router' },
      { rule: 'any script', name: 'Møllers 路由器 راوتر', stored: 'Møllers 路由器 راوتر' },
      { rule: 'quotes and markup', name: `"'<b>\\`, stored: `"'<b>\\` },
    ]),
  )('accepts %s as a name, and stores it trimmed', async (_, { name, stored }) => {
    const answer = await expectAccepted(gateway, await createDevice(gateway), { name });
    expect(answer.name).toBe(stored);
  });

  it.each(
    byRule([
      { rule: 'null', notes: null },
      { rule: '4096 characters', notes: 'x'.repeat(4096) },
      { rule: '4096 emoji', notes: EMOJI.repeat(4096) },
      { rule: 'line breaks and tabs', notes: 'One\n\tTwo\r\nThree\t' },
      { rule: 'blanks around, which stay', notes: '  Note  ' },
    ]),
  )('accepts %s as notes', async (_, { notes }) => {
    const answer = await expectAccepted(gateway, await createDevice(gateway), { notes });
    expect(answer.notes).toBe(notes);
  });
});
