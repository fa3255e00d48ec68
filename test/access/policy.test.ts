import { describe, expect, it } from 'vitest';
import {
  mayReadDevice,
  mayReadWifiPasswords,
  mayReportStatus,
  mayUpdateDevice,
  mayUseGateway,
} from '../../src/access/policy.js';
import { readReach } from '../../src/access/reach.js';
import { assertMayUseGateway, refusal } from '../../src/access/refusals.js';
import { ACCESS_LEVELS, type AccessLevel, SCOPES, type Viewer } from '../../src/access/viewer.js';
import { GatewayError } from '../../src/errors/gateway-error.js';

/** The viewer belongs to the customer `me`, in a tree: top → me → child → grandchild, top → sibling; alone stands apart. */
const OWNERS = {
  me: { id: 'me', ancestorIds: ['top', 'me'] },
  child: { id: 'child', ancestorIds: ['top', 'me', 'child'] },
  grandchild: { id: 'grandchild', ancestorIds: ['top', 'me', 'child', 'grandchild'] },
  top: { id: 'top', ancestorIds: ['top'] },
  sibling: { id: 'sibling', ancestorIds: ['top', 'sibling'] },
  alone: { id: 'alone', ancestorIds: ['alone'] },
} as const;

type Reach = 'nothing' | 'own' | 'below' | 'all';

const REACHED: Readonly<Record<Reach, readonly string[]>> = {
  nothing: [],
  own: ['me'],
  below: ['me', 'child', 'grandchild'],
  all: ['me', 'child', 'grandchild', 'top', 'sibling', 'alone'],
};

/** The access table of the contract (section 4). */
const TABLE: Readonly<Record<AccessLevel, readonly [read: Reach, update: Reach, passwords: Reach]>> = {
  NO_LOGIN: ['nothing', 'nothing', 'nothing'],
  PERSONAL: ['nothing', 'nothing', 'nothing'],
  VIEWER: ['own', 'nothing', 'nothing'],
  MANAGER: ['own', 'own', 'own'],
  OWNER: ['own', 'own', 'own'],
  RESELLER: ['below', 'below', 'below'],
  RESELLER_ADMIN: ['all', 'nothing', 'nothing'],
  ADMIN: ['all', 'all', 'all'],
};

function viewer(level: Viewer['level'], customerId: string | null = 'me'): Viewer {
  return { subject: 'somebody', level, customerId, scopes: [] };
}

type Answers = Readonly<Record<string, boolean>>;

function answers(may: typeof mayReadDevice, who: Viewer): Answers {
  return Object.fromEntries(Object.values(OWNERS).map((owner) => [owner.id, may(who, owner)]));
}

function expected(reach: Reach): Answers {
  return Object.fromEntries(Object.values(OWNERS).map(({ id }) => [id, REACHED[reach].includes(id)]));
}

const rows = ACCESS_LEVELS.map((level) => {
  const [read, update, passwords] = TABLE[level];
  return { level, read, update, passwords };
});

describe('each level reaches what the access table gives it', () => {
  it.each(rows)('$level reads devices: $read', ({ level, read }) => {
    expect(answers(mayReadDevice, viewer(level))).toEqual(expected(read));
  });

  it.each(rows)('$level updates devices: $update', ({ level, update }) => {
    expect(answers(mayUpdateDevice, viewer(level))).toEqual(expected(update));
  });

  it.each(rows)('$level reads WiFi passwords: $passwords', ({ level, passwords }) => {
    expect(answers(mayReadWifiPasswords, viewer(level))).toEqual(expected(passwords));
  });

  it.each(rows)('$level lists devices and customers: $read', ({ level, read }) => {
    const scoped = read === 'own' || read === 'below';
    expect(readReach(viewer(level))).toEqual(scoped ? { kind: read, customerId: 'me' } : { kind: read });
  });

  it.each(rows)('$level uses the gateway at all unless it reads nothing', ({ level, read }) => {
    expect(mayUseGateway(viewer(level))).toBe(read !== 'nothing');
  });
});

describe('who belongs to no customer reaches by level alone', () => {
  it.each(rows)('$level', ({ level, read }) => {
    const isAll = read === 'all';
    expect(answers(mayReadDevice, viewer(level, null))).toEqual(expected(isAll ? 'all' : 'nothing'));
    expect(readReach(viewer(level, null))).toEqual({ kind: isAll ? 'all' : 'nothing' });
  });
});

describe('a token with the scope status:report and no level', () => {
  const collector: Viewer = { ...viewer(null), scopes: SCOPES };

  it('is the only one beside ADMIN that may report status', () => {
    expect(SCOPES.filter((scope) => mayReportStatus({ ...collector, scopes: [scope] }))).toEqual([
      'status:report',
    ]);
    expect(mayReportStatus(collector)).toBe(true);
    expect(ACCESS_LEVELS.filter((level) => mayReportStatus(viewer(level)))).toEqual(['ADMIN']);
    expect(mayReportStatus(viewer(null))).toBe(false);
  });

  it('gains nothing else by it', () => {
    for (const may of [mayReadDevice, mayUpdateDevice, mayReadWifiPasswords]) {
      expect(answers(may, collector)).toEqual(expected('nothing'));
    }
    expect(mayUseGateway(collector)).toBe(false);
    expect(readReach(collector)).toEqual({ kind: 'nothing' });
  });
});

describe('what is missing and what is out of reach look alike to everyone but ADMIN', () => {
  it.each([...ACCESS_LEVELS, null])('%s', (level) => {
    expect(refusal(viewer(level)).code).toBe(level === 'ADMIN' ? 'NOT_FOUND' : 'ACCESS_DENIED');
  });
});

describe('a level that may nothing is refused at once', () => {
  it.each(rows)('$level', ({ level, read }) => {
    const attempt = (): void => assertMayUseGateway(viewer(level));
    if (read === 'nothing') expect(attempt).toThrow(new GatewayError('ACCESS_DENIED'));
    else expect(attempt).not.toThrow();
  });
});
