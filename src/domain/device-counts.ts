/** How many devices fit a filter, all and by what they are. */
export interface DeviceCounts {
  /** Whether more fit than were counted. */
  readonly isCapped: boolean;
  readonly total: number;
  readonly online: number;
  readonly provisioning: number;
  readonly deleting: number;
  /** In service, and known not to have their settings. */
  readonly notProvisioned: number;
}
