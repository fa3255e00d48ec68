import { describe, expect, it } from 'vitest';
import type { Credential } from '../../src/auth/credential.js';
import { connectionLeases, type ConnectionLease } from '../../src/limits/connection-leases.js';

const FULL = /too many connections/i;

function of(subject: string): Credential {
  return { viewer: { subject, customerId: 'c', level: 'VIEWER', scopes: [] }, expiresAt: null };
}

describe('the leases of connections', () => {
  const take = (
    leases: (network: string) => ConnectionLease,
    network: string,
    count: number,
  ): readonly ConnectionLease[] => Array.from({ length: count }, () => leases(network));

  it('a network has so many, and the next one has its own', () => {
    const leases = connectionLeases(100, 3);
    const [first] = take(leases, 'a', 3);
    expect(() => leases('a')).toThrow(FULL);
    take(leases, 'b', 3);
    first?.release();
    leases('a');
    expect(() => leases('a')).toThrow(FULL);
  });

  it('those whose subject is known count for it and free their network', () => {
    const leases = connectionLeases(100, 3);
    for (const subject of ['one', 'two', 'three']) {
      for (const lease of take(leases, 'portal', 3)) lease.assignTo(of(subject));
    }
    const more = leases('portal');
    expect(() => more.assignTo(of('one'))).toThrow(FULL);
    more.assignTo(of('four'));
    more.assignTo(of('one'));
    take(leases, 'portal', 3);
    expect(() => leases('portal')).toThrow(FULL);
  });

  it('strangers stay with their network, and what is closed is free again, however often it is closed', () => {
    const leases = connectionLeases(100, 2);
    const [stranger, known] = take(leases, 'a', 2);
    stranger?.assignTo({ rejection: 'invalid_token' });
    expect(() => leases('a')).toThrow(FULL);
    known?.assignTo(of('one'));
    leases('b').assignTo(of('one'));
    expect(() => leases('b').assignTo(of('one'))).toThrow(FULL);
    known?.release();
    known?.release();
    leases('c').assignTo(of('one'));
    expect(() => leases('d').assignTo(of('one'))).toThrow(FULL);
  });

  it('one that is closed while its client’s token is validated is nobody’s', () => {
    const leases = connectionLeases(100, 1);
    const gone = leases('a');
    gone.release();
    gone.assignTo(of('one'));
    leases('a').assignTo(of('one'));
    expect(() => leases('a').assignTo(of('one'))).toThrow(FULL);
  });

  it('the process has so many, whoever they are', () => {
    const leases = connectionLeases(4, 3);
    const [first] = take(leases, 'a', 3);
    first?.assignTo(of('one'));
    leases('b');
    expect(() => leases('c')).toThrow(FULL);
    first?.release();
    leases('c');
    expect(() => leases('d')).toThrow(FULL);
  });
});
