import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { KeyRing, SealedText } from '../../src/secrets/key-ring.js';

const DEVICE = 'a'.repeat(24);
const ring = new KeyRing([{ id: 'k1', bytes: randomBytes(32) }]);

const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64url');

describe('sealed secrets', () => {
  it('never share a nonce, which would give AES-GCM away', () => {
    const nonces = Array.from({ length: 2_000 }, () => ring.seal('same', DEVICE, 'f').sealed.split('.')[2]);
    expect(new Set(nonces).size).toBe(nonces.length);
    expect(nonces.every((nonce) => bytesOf(nonce ?? '').length === 12)).toBe(true);
  });

  it.each(['', 'x', 'Grüße 🔑 ', 'x'.repeat(200)])('open to what was sealed: %j', (text) => {
    const { sealed } = ring.seal(text, DEVICE, 'f');
    expect(ring.open(new SealedText(sealed), DEVICE, 'f')).toBe(text);
  });

  it('open at their own place only, also those that were opened there before', () => {
    const sealed = ring.seal('JohnConner', DEVICE, 'f');
    const stored = new SealedText(sealed.sealed);
    expect(ring.open(stored, DEVICE, 'f')).toBe('JohnConner');
    for (const secret of [sealed, stored]) {
      expect(ring.open(secret, DEVICE, 'f')).toBe('JohnConner');
      expect(() => ring.open(secret, DEVICE, 'g')).toThrow();
      expect(() => ring.open(secret, 'b'.repeat(24), 'f')).toThrow();
    }
  });

  it('show nothing of what they hold when they are printed', () => {
    const secret = ring.seal('JohnConner', DEVICE, 'f');
    for (const text of [JSON.stringify(secret), inspect(secret, { showHidden: true })]) {
      expect(text).not.toContain('JohnConner');
    }
  });

  it('do not open when any part of them was changed', () => {
    const { sealed } = ring.seal('JohnConner', DEVICE, 'f');
    const end = sealed.lastIndexOf('.') + 1;
    for (let at = 'v1.k1.'.length; at < sealed.length; at += 1) {
      const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
      // The last character of base64url may hold bits that are not used.
      if (at >= end && bytesOf(changed.slice(end)).equals(bytesOf(sealed.slice(end)))) continue;
      expect(() => ring.open(new SealedText(changed), DEVICE, 'f'), `character ${at}`).toThrow();
    }
  });
});
