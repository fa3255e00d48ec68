/** The page's `status.networkType` codes. The numbers are bits, the best network last. */
const NETWORK_TYPE_BY_CODE = {
  '1': 'NONE',
  '2': 'GSM',
  '4': 'WCDMA',
  '8': 'LTE',
  '16': 'LTE_PLUS',
  '32': 'NR',
} as const;

export type NetworkType = (typeof NETWORK_TYPE_BY_CODE)[keyof typeof NETWORK_TYPE_BY_CODE];

const networkTypesByBit: readonly (readonly [bigint, NetworkType])[] = Object.entries(
  NETWORK_TYPE_BY_CODE,
).map(([code, type]) => [BigInt(code), type] as const);

const codeByNetworkType: ReadonlyMap<string, string> = new Map(
  Object.entries(NETWORK_TYPE_BY_CODE).map(([code, type]) => [type, code]),
);

/** The page's code of a network type; undefined for a text that is none. */
export function networkTypeCodeOf(type: string): string | undefined {
  return codeByNetworkType.get(type);
}

/** All networks whose bits are set, in rising order ("40" → LTE, NR); null when the code names none that is known. */
export function networkTypesOf(code: string | null): NetworkType[] | null {
  if (code === null || !/^\d{1,20}$/.test(code)) return null;
  const bits = BigInt(code);
  const types = networkTypesByBit.filter(([bit]) => (bits & bit) !== 0n).map(([, type]) => type);
  return types.length > 0 ? types : null;
}

/** The best network of a code: the highest bit that is known ("40" → NR). */
export function networkTypeOf(code: string | null): NetworkType | null {
  return networkTypesOf(code)?.at(-1) ?? null;
}
