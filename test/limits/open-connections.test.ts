import { describe, expect, it } from 'vitest';
import type { Credential } from '../../src/auth/credential.js';
import { openConnections, type Place } from '../../src/limits/connection-leases.js';

const FULL = /too many connections/i;

function of(subject: string): Credential {
  return { viewer: { subject, customerId: 'c', level: 'VIEWER', scopes: [] }, expiresAt: null };
}

describe('the places of connections', () => {
  const take = (places: (network: string) => Place, network: string, count: number): readonly Place[] =>
    Array.from({ length: count }, () => places(network));

  it('a network has so many, and the next one has its own', () => {
    const places = openConnections(100, 3);
    const [first] = take(places, 'a', 3);
    expect(() => places('a')).toThrow(FULL);
    take(places, 'b', 3);
    first?.leave();
    places('a');
    expect(() => places('a')).toThrow(FULL);
  });

  it('those whose subject is known count for it and free their network', () => {
    const places = openConnections(100, 3);
    for (const subject of ['one', 'two', 'three']) {
      for (const place of take(places, 'portal', 3)) place.claim(of(subject));
    }
    const more = places('portal');
    expect(() => more.claim(of('one'))).toThrow(FULL);
    more.claim(of('four'));
    more.claim(of('one'));
    take(places, 'portal', 3);
    expect(() => places('portal')).toThrow(FULL);
  });

  it('strangers stay with their network, and what is closed is free again, however often it is closed', () => {
    const places = openConnections(100, 2);
    const [stranger, known] = take(places, 'a', 2);
    stranger?.claim({ fault: 'invalid_token' });
    expect(() => places('a')).toThrow(FULL);
    known?.claim(of('one'));
    places('b').claim(of('one'));
    expect(() => places('b').claim(of('one'))).toThrow(FULL);
    known?.leave();
    known?.leave();
    places('c').claim(of('one'));
    expect(() => places('d').claim(of('one'))).toThrow(FULL);
  });

  it('one that is closed while its client is judged is nobody’s', () => {
    const places = openConnections(100, 1);
    const gone = places('a');
    gone.leave();
    gone.claim(of('one'));
    places('a').claim(of('one'));
    expect(() => places('a').claim(of('one'))).toThrow(FULL);
  });

  it('the process has so many, whoever they are', () => {
    const places = openConnections(4, 3);
    const [first] = take(places, 'a', 3);
    first?.claim(of('one'));
    places('b');
    expect(() => places('c')).toThrow(FULL);
    first?.leave();
    places('c');
    expect(() => places('d')).toThrow(FULL);
  });
});
