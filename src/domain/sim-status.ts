/** The page's `status.simStatus` codes, in the page's order. */
const SIM_STATUS_BY_CODE = {
  '1': 'READY',
  '2': 'PIN_VERIFIED',
  '3': 'PIN_LOCK',
  '4': 'PUK_LOCK',
  '5': 'BLOCKED',
  '6': 'NO_SIM',
  '7': 'UNKNOWN',
} as const;

export type SimStatus = (typeof SIM_STATUS_BY_CODE)[keyof typeof SIM_STATUS_BY_CODE];

const simStatusByCode: ReadonlyMap<string, SimStatus> = new Map(Object.entries(SIM_STATUS_BY_CODE));

/** The meaning of a stored code; null for no code and for one that nobody knows. */
export function simStatusOf(code: string | null): SimStatus | null {
  return simStatusByCode.get(code ?? '') ?? null;
}

const codeBySimStatus: ReadonlyMap<string, string> = new Map(
  Object.entries(SIM_STATUS_BY_CODE).map(([code, status]) => [status, code]),
);

/** The page's code of a SIM status; undefined for a text that is none. */
export function simStatusCodeOf(status: string): string | undefined {
  return codeBySimStatus.get(status);
}
