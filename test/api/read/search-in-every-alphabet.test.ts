import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Conditions } from '../../../src/persistence/database/sql-builder.js';
import { textHolds } from '../../../src/persistence/devices/text-search.js';
import { createEmptyDatabase } from '../../support/database.js';
import { createCustomer, createDevice } from '../../support/fleet.js';
import { newId, startGatewayOn, type TestGateway } from '../../support/gateway.js';

const DEVICES = `query ($search: String) { networkDeviceConnection(first: 500, filter: { search: $search }) {
  totalCount nodes { name }
} }`;
const CUSTOMERS = `query ($search: String) { customerConnection(first: 500, search: $search) {
  totalCount nodes { name }
} }`;

const list = z.object({ totalCount: z.int(), nodes: z.array(z.object({ name: z.string() })) });
const answer = z.object({ networkDeviceConnection: list.optional(), customerConnection: list.optional() });

/** Names whose words occur in no other. */
const NAMES = [
  'Nørrebro Kiosk ÆÅ',
  'Bäckerei Weißstraße',
  'Εστιατόριο Ὀδυσσεύς',
  'Τράπεζα Πειραιῶς',
  'Москва Склад Ёлка',
  'Երևան Սրճարան',
  'თბილისი ფილიალი',
  'Nguyễn Thị Huệ',
  '서울 지점',
  'ガーデン東京タワー',
  'ｶﾌｪ ＷＬＡＮ７',
  'מסעדה ירושלים',
  'مقهى القاهرة',
  'दिल्ली कार्यालय',
  'ร้านกาแฟเชียงใหม่',
  'ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ',
  'ﬁrma Œuvre ĳs',
  'Kafé 🚀 𐐔𐐯𐑅𐐨𐑉𐐯𐐻',
];

/** A name as it is stored. */
const stored = (name: string): string => name.normalize('NFC');

/** What people type who look for a name. */
function spellings(name: string): string[] {
  const forms = [name, name.toUpperCase(), name.toLowerCase(), name.toUpperCase().toLowerCase()];
  const words = name.split(' ').flatMap((word) => [word, word.toUpperCase(), word.toLowerCase()]);
  const middle = Array.from(name.normalize('NFC')).slice(2, 7).join('').trim();
  const texts = [...forms, ...words, middle, middle.toUpperCase(), ` ${middle} `].flatMap((text) => [
    text,
    text.normalize('NFC'),
    text.normalize('NFD'),
    text.normalize('NFKC'),
    text.normalize('NFKD'),
  ]);
  return [...new Set(texts)];
}

const LOCALES: [string, string][] = [
  ['that folds nothing', "LOCALE_PROVIDER libc LOCALE 'C'"],
  ['of Turkish', "LOCALE_PROVIDER icu ICU_LOCALE 'tr' LOCALE 'C'"],
];

describe.each(LOCALES)('search knows every alphabet in a database with a locale %s', (_, options) => {
  let gateway: TestGateway;
  let token: string;

  const find = async (query: string, search: string, bearer = token): Promise<string[]> => {
    const { data, errors } = await gateway.query(query, { token: bearer, variables: { search } });
    expect(errors).toEqual([]);
    const { networkDeviceConnection, customerConnection } = answer.parse(data);
    const found = networkDeviceConnection ?? customerConnection;
    expect(found?.totalCount).toBe(found?.nodes.length);
    return found?.nodes.map(({ name }) => name).toSorted() ?? [];
  };
  const devices = async (search: string): Promise<string[]> => await find(DEVICES, search);

  beforeAll(async () => {
    gateway = await startGatewayOn(await createEmptyDatabase(`ENCODING 'UTF8' ${options}`));
    const customer = await createCustomer(gateway);
    for (const [index, name] of NAMES.entries()) {
      await createDevice(gateway, { customer, name, serialNumber: `Serial-${index}x` });
    }
    for (const name of NAMES) {
      const insert = 'INSERT INTO customer (id, name) VALUES ($1, $2)';
      await gateway.sql.query(insert, [newId(), `Kunde ${name}`]);
    }
    token = await gateway.token('ADMIN', customer);
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it.each(NAMES)('finds the device %s in any case and spelling, whole and by its parts', async (name) => {
    for (const search of spellings(name)) expect(await devices(search), search).toEqual([stored(name)]);
  });

  it.each(NAMES)('finds a customer by the name %s', async (name) => {
    for (const search of spellings(name))
      expect(await find(CUSTOMERS, search), search).toEqual([`Kunde ${name}`]);
  });

  it('finds devices by the name of their customer', async () => {
    const { rows } = await gateway.sql.query<{ id: string }>('SELECT id FROM customer WHERE name LIKE $1', [
      '%Ёлка',
    ]);
    await createDevice(gateway, { customer: rows[0]?.id ?? '', name: 'Of the customer' });
    expect(await devices('kunde москва')).toEqual(['Of the customer']);
    await gateway.sql.query(`DELETE FROM network_device WHERE name = 'Of the customer'`);
  });

  it('finds serial numbers in any case beside names of any alphabet', async () => {
    expect(await devices('SERIAL-4X')).toEqual(['Москва Склад Ёлка']);
    expect(await devices('serial-1')).toHaveLength(9);
  });

  it('distinguishes letters that only look alike, or stand for others in the index', async () => {
    // 26 letters further on in Unicode.
    const other = Array.from('москва', (letter) =>
      String.fromCodePoint((letter.codePointAt(0) ?? 0) + 26),
    ).join('');
    expect(await devices(other)).toEqual([]);
    expect(await devices('SUXQIG')).toEqual([]);
    expect(await devices('Nǿrrebro')).toEqual([]);
    expect(await devices('Norrebro')).toEqual([]);
  });

  it.each(['%', '_', '\\', '％', '＿', '＼', '%Склад', '_осква', 'Скл%', '\u0001', '\u0002'])(
    'takes %j for what it is',
    async (search) => {
      expect(await devices(search)).toEqual([]);
    },
  );

  describe('the four letters i of Turkish', () => {
    const CITIES = ['Iğdır', 'Isparta', 'İstanbul', 'izmir', 'ışık', 'ÜMRANİYE', 'Zile'];
    let customer: string;
    let manager: string;
    const cities = async (search: string): Promise<string[]> => await find(DEVICES, search, manager);
    beforeAll(async () => {
      customer = await createCustomer(gateway);
      for (const name of CITIES) await createDevice(gateway, { customer, name });
      manager = await gateway.token('MANAGER', customer);
    });

    it.each([
      ['İ', ['ÜMRANİYE', 'İstanbul']],
      ['I\u0307', ['ÜMRANİYE', 'İstanbul']],
      ['ı', ['Isparta', 'Iğdır', 'ışık']],
      ['İstanbul', ['İstanbul']],
      ['istanbul', ['İstanbul']],
      ['ISTANBUL', ['İstanbul']],
      ['i̇stanbul', ['İstanbul']],
      ['ümraniye', ['ÜMRANİYE']],
      ['iğdır', ['Iğdır']],
      ['IĞDIR', ['Iğdır']],
      ['ığdır', ['Iğdır']],
      ['ISPARTA', ['Isparta']],
      ['ısparta', ['Isparta']],
      ['IŞIK', ['ışık']],
      ['Işık', ['ışık']],
      ['İZMİR', []],
      ['IZMIR', ['izmir']],
      ['zİle', []],
      ['zıle', []],
    ])('%s', async (search, names) => {
      expect(await cities(search)).toEqual(names.toSorted());
    });
  });

  it('asks an index, which knows the letters of every alphabet', async () => {
    const client = await gateway.sql.connect();
    try {
      await client.query('BEGIN');
      await client.query(
        `INSERT INTO customer (id, name) SELECT 'c' || lpad(to_hex(n), 23, '0'), 'Κατάστημα ' || n FROM generate_series(1, 3000) n`,
      );
      await client.query('SET LOCAL enable_seqscan = off');
      for (const search of ['ΕΣΤΙΑΤΌΡΙΟ', 'москва', '東京タ', 'ᏣᎳᎩ']) {
        const where = new Conditions();
        where.add(textHolds('name', search, where));
        const { rows } = await client.query<{ 'QUERY PLAN': string }>(
          `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT id FROM customer WHERE ${where.toString()}`,
          where.values,
        );
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        expect(plan).toMatch(/Bitmap Index Scan on customer_search_key_idx \(actual rows=1(\.00)? loops=1\)/);
      }
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });
});
