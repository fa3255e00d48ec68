/** How the ids begin that the gateway gives to requests; no client can choose one. */
const OWN = 'gw-';

/** The id of a request that came without one that can be kept. */
export function ownRequestId(unique: string): string {
  return OWN + unique;
}

/** Whether the gateway made this id. */
export function isOwnRequestId(id: string): boolean {
  return id.startsWith(OWN);
}

/** Whether a request keeps the id that its client gave it: it can be logged as it is, and is not taken for one of ours. */
export function isAcceptableRequestId(id: string): boolean {
  return /^[\w.:-]{1,64}$/.test(id) && !id.toLowerCase().startsWith(OWN);
}
