import type { ChangeFeed } from '../persistence/changes/change-feed.js';
import type { JobDispatcher } from '../persistence/jobs/claim-jobs.js';
import type { ProvisioningWorker } from '../provisioning/worker.js';

/** How parts notify each other. It exists before them; a part reads once when it starts, so a signal before that is not lost. */
export class Signals {
  feed: Pick<ChangeFeed, 'changed' | 'jobQueued'> | undefined;
  /** Stays undefined in a process that is no worker. */
  worker: ProvisioningWorker | undefined;

  /** New jobs go to the worker of this process, or are announced to those of others. */
  readonly jobs: JobDispatcher = {
    reserveSlot: () => this.worker?.reserveSlot(),
    notifyQueued: () => (this.worker === undefined ? this.feed?.jobQueued() : this.worker.wake()),
  };

  /** A statement may have changed devices. */
  changed(): void {
    this.feed?.changed();
  }

  /** There may be a job to do. */
  wakeWorker(): void {
    this.worker?.wake();
  }
}
