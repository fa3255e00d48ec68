import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { MAX_ATTEMPTS, retryDelayMs } from '../domain/provisioning-job.js';
import type { WifiSettings } from '../domain/wifi.js';
import { describeCause } from '../logging/log.js';
import { type DeviceSecrets, openDevice, type StoredDevice } from '../secrets/device-secrets.js';
import type { ClaimedJob, JobEnd, JobSlot, ProvisioningQueue } from '../persistence/jobs/claim-jobs.js';
import { AttemptSlots } from './attempt-slots.js';
import type { ProvisioningDriver, ProvisioningOrder, AttemptOutcome } from './driver.js';
import { presentableReason } from './reason.js';
import { RetryPace } from './retry-pace.js';

/** What a worker works with. */
export interface WorkerParts {
  readonly queue: ProvisioningQueue;
  readonly secrets: DeviceSecrets;
  readonly driver: ProvisioningDriver;
  /** How long a job waits after its first failed attempt. */
  readonly retryMs: number;
  readonly log: Logger;
  /** Called with the end of every attempt, e.g. to count them. */
  readonly onAttemptEnded?: ((end: JobEnd) => void) | undefined;
}

/** Works on provisioning jobs until it is stopped. */
export interface ProvisioningWorker {
  /** Says that there may be something to do; otherwise the worker looks for itself every two seconds. */
  readonly wake: () => void;
  /** Reserves a slot for a job that is about to be made; undefined when none is free. */
  readonly reserveSlot: () => JobSlot | undefined;
  /** Claims no more jobs, waits for the attempts that run, and gives back those that take longer than this. */
  readonly stop: (graceMs: number) => Promise<void>;
}

/** An attempt that lasts longer holds its connection, and no other attempt up. */
const ACTIVE_MS = 250;
/** Slots for the jobs that this process's updates start themselves: whatever waits in the queue does not hold those up. */
const STARTED_SLOTS = { active: 200, open: 1_000, activeMs: ACTIVE_MS };
/** Slots for the jobs out of the queue. */
const QUEUE_SLOTS = { active: 200, open: 2_000, activeMs: ACTIVE_MS };
/** Retries of devices that were silent leave half of these to devices that were not. */
const MAX_OPEN_RETRIES = QUEUE_SLOTS.open / 2;
/** Maximum time for which a job stays this worker's without a renewal; after that another one claims it. */
const LEASE_MS = 15_000;
const RENEW_EVERY_MS = 5_000;
const LOOK_EVERY_MS = 2_000;
const STORE_AGAIN_MS = 500;

interface RunningAttempt {
  readonly job: ClaimedJob;
  readonly abort: AbortController;
  readonly startedAt: number;
  /** By this process's own clock, from before the lease was taken: never later than the database has it. */
  leaseEndsAt: number;
}

/** Starts to work on the jobs of a database. */
export function startWorker(parts: WorkerParts): ProvisioningWorker {
  const worker = new Worker(parts);
  return {
    wake: () => worker.wake(),
    reserveSlot: () => worker.reserveSlot(),
    stop: async (graceMs) => await worker.stop(graceMs),
  };
}

class Worker {
  readonly #parts: WorkerParts;
  readonly #running = new Map<RunningAttempt, Promise<void>>();
  readonly #reserved = new Set<Promise<void>>();
  readonly #startedSlots = new AttemptSlots(STARTED_SLOTS, () => this.#slotFreed());
  readonly #queueSlots = new AttemptSlots(QUEUE_SLOTS, () => this.#slotFreed());
  readonly #retryPace = new RetryPace(MAX_OPEN_RETRIES);
  readonly #look = setInterval(() => this.wake(), LOOK_EVERY_MS);
  readonly #renew = setInterval(() => void this.#renewLeases(), RENEW_EVERY_MS);
  #claiming: Promise<void> | undefined;
  #isWoken = false;
  /** Whether the last claim filled every free slot: more jobs may be due. */
  #isFull = false;
  #isStopped = false;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.wake();
  }

  wake(): void {
    this.#isWoken = true;
    this.#claiming ??= this.#claimAll().finally(() => {
      this.#claiming = undefined;
      // Somebody may have called after the last look.
      if (this.#isWoken && !this.#isStopped && this.#queueSlots.free > 0) this.wake();
    });
  }

  reserveSlot(): JobSlot | undefined {
    if (this.#isStopped) return undefined;
    if (this.#startedSlots.free <= 0) return undefined;
    const releaseSlot = this.#startedSlots.take();
    const leaseEndsAt = performance.now() + LEASE_MS;
    let resolveReserved = (): void => undefined;
    const reserved = new Promise<void>((resolve) => (resolveReserved = resolve));
    this.#reserved.add(reserved);
    const free = (): void => {
      this.#reserved.delete(reserved);
      resolveReserved();
    };
    return {
      lease: randomUUID(),
      leaseMs: LEASE_MS,
      assign: (job) => {
        this.#start(job, leaseEndsAt, releaseSlot);
        free();
      },
      release: () => {
        releaseSlot();
        free();
      },
    };
  }

  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#look);
    await this.#claiming;
    await Promise.all(this.#reserved);
    const deadline = setTimeout(() => this.#abortAll(), graceMs);
    await Promise.all(this.#running.values());
    clearTimeout(deadline);
    clearInterval(this.#renew);
  }

  /** Claims what is due, until nothing is due or no slot is free. */
  async #claimAll(): Promise<void> {
    const { queue, log } = this.#parts;
    while (this.#isWoken && !this.#isStopped && this.#queueSlots.free > 0) {
      this.#isWoken = false;
      const leaseEndsAt = performance.now() + LEASE_MS;
      try {
        const { free } = this.#queueSlots;
        const jobs = await queue.claim(free, LEASE_MS);
        for (const job of jobs) this.#start(job, leaseEndsAt, this.#queueSlots.take());
        this.#isFull = jobs.length === free;
        this.#isWoken ||= this.#isFull;
      } catch (error) {
        log.warn({ cause: describeCause(error) }, 'provisioning jobs cannot be taken up');
        return;
      }
    }
  }

  #start(job: ClaimedJob, leaseEndsAt: number, releaseSlot: () => void): void {
    const startedAt = performance.now();
    const attempt: RunningAttempt = { job, abort: new AbortController(), startedAt, leaseEndsAt };
    const work = this.#work(attempt).finally(() => {
      this.#running.delete(attempt);
      releaseSlot();
    });
    this.#running.set(attempt, work);
  }

  #slotFreed(): void {
    if (this.#isFull && !this.#isStopped) this.wake();
  }

  async #work(attempt: RunningAttempt): Promise<void> {
    const { job } = attempt;
    const end = await this.#runAttempt(attempt);
    this.#parts.log.debug(
      { jobId: job.id, attempt: job.attempt, end: end.state },
      'provisioning attempt ended',
    );
    this.#parts.onAttemptEnded?.(end);
    // The outcome of an attempt must not be lost because the database is away for a moment.
    while (!(await this.#store(job, end))) {
      if (attempt.abort.signal.aborted || performance.now() > attempt.leaseEndsAt) return;
      await delay(STORE_AGAIN_MS);
    }
    if (end.state === 'FAILED') this.#logFailure(job, end.why);
    if (end.state === 'QUEUED') setTimeout(() => this.wake(), end.delayMs).unref();
  }

  /** Without the reason: it may be the endpoint's words. */
  #logFailure({ id: jobId, attempt: attempts, device }: ClaimedJob, why: string): void {
    this.#parts.log.warn({ jobId, deviceId: device.id, attempts, why }, 'provisioning job failed');
  }

  async #store(job: ClaimedJob, end: JobEnd): Promise<boolean> {
    try {
      const hasNext = await this.#parts.queue.end(job, end);
      // A newer job of the device may have waited for this one.
      if (hasNext && !this.#isStopped) this.wake();
      return true;
    } catch (error) {
      const cause = describeCause(error);
      this.#parts.log.warn({ jobId: job.id, cause }, 'the end of a provisioning attempt cannot be stored');
      return false;
    }
  }

  async #runAttempt({ job, abort, startedAt }: RunningAttempt): Promise<JobEnd> {
    const { secrets, driver, log } = this.#parts;
    const { device } = job;
    // The next attempt, or another worker, would fail alike.
    if (device instanceof Error) return { state: 'FAILED', error: device.message, why: 'unreadable' };
    // Its MAC address is another device's, or it was of other hardware: what comes after it waits for its end.
    if (device.isGivenUp || job.isOutdated) return { state: 'RELEASED' };
    try {
      const order = toOrder(job, device, secrets);
      const outcome = await driver(order, abort.signal);
      const lastedMs = performance.now() - startedAt;
      // A removal sends no passwords, but whoever answers it may know them.
      const isAnsweredRemoval = job.kind === 'REMOVAL' && outcome.kind !== 'applied';
      const { wifi } = isAnsweredRemoval ? openDevice(secrets, device) : order;
      return this.#endOf(job, wifi, outcome, lastedMs);
    } catch (error) {
      if (abort.signal.aborted) return { state: 'RELEASED' };
      log.error({ jobId: job.id, cause: describeCause(error) }, 'provisioning attempt broke');
      const reason = `The gateway could not send the ${job.kind === 'REMOVAL' ? 'removal' : 'settings'}. Its log says why, under the id of the job.`;
      return this.#endOf(job, null, { kind: 'failed', reason }, 0);
    }
  }

  #endOf(
    { attempt }: ClaimedJob,
    wifi: WifiSettings | null,
    outcome: AttemptOutcome,
    lastedMs: number,
  ): JobEnd {
    if (outcome.kind === 'applied') return { state: 'APPLIED' };
    const error = presentableReason(outcome.reason, wifi);
    if (outcome.kind === 'refused') return { state: 'FAILED', error, why: 'refused' };
    if (attempt >= MAX_ATTEMPTS) return { state: 'FAILED', error, why: 'attempts_used_up' };
    const delayMs =
      retryDelayMs(attempt, this.#parts.retryMs, Math.random()) + this.#retryPace.delayAfter(lastedMs);
    return { state: 'QUEUED', error, delayMs };
  }

  /** An attempt whose lease cannot be renewed is broken off before another worker may begin the next. */
  async #renewLeases(): Promise<void> {
    const attempts = [...this.#running.keys()];
    if (attempts.length === 0) return;
    const leaseEndsAt = performance.now() + LEASE_MS;
    try {
      const jobs = attempts.map(({ job }) => job);
      const held = await this.#parts.queue.renew(jobs, LEASE_MS);
      for (const attempt of attempts) {
        if (held.has(attempt.job.id)) attempt.leaseEndsAt = leaseEndsAt;
        else attempt.abort.abort();
      }
    } catch (error) {
      this.#parts.log.warn({ cause: describeCause(error) }, 'leases of provisioning jobs cannot be renewed');
    }
    const isNearEnd = ({ leaseEndsAt: end }: RunningAttempt): boolean =>
      end < performance.now() + RENEW_EVERY_MS;
    for (const attempt of attempts.filter(isNearEnd)) attempt.abort.abort();
  }

  #abortAll(): void {
    for (const { abort } of this.#running.keys()) abort.abort();
  }
}

function toOrder(
  { id, kind, attempt }: ClaimedJob,
  device: StoredDevice,
  secrets: DeviceSecrets,
): ProvisioningOrder {
  const isRemoval = kind === 'REMOVAL';
  const { wifi, dhcp } = isRemoval ? { wifi: null, dhcp: null } : openDevice(secrets, device);
  return {
    ...(isRemoval && { kind }),
    jobId: id,
    attempt,
    deviceId: device.id,
    version: device.version,
    macAddress: device.macAddress,
    serialNumber: device.serialNumber,
    model: device.model.id,
    wifi,
    dhcp,
  };
}
