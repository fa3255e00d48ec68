/** A page in order of id: `limit` records after or before an id, from the front or from the back. */
export interface PageRequest {
  readonly limit: number;
  readonly isBackward: boolean;
  readonly afterId: string | null;
  readonly beforeId: string | null;
}
