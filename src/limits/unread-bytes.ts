/** How many bytes may wait, because those they were sent to do not read them. */
export interface UnreadLimits {
  /** For one connection; what is sent while nothing waits may be longer. */
  readonly ofConnection: number;
  /** For all connections of one subject, or of one network whose subject is not known. */
  readonly ofClient: number;
  readonly ofProcess: number;
}

const LIMITS: UnreadLimits = {
  ofConnection: 4 * 1024 * 1024,
  ofClient: 32 * 1024 * 1024,
  ofProcess: 128 * 1024 * 1024,
};

/** What was sent over one connection and is not read yet, of whichever transport. */
export interface UnreadOfConnection {
  /** Counts what is being sent. @returns is to be called when it was taken, or never will be */
  readonly sent: (bytes: number) => () => void;
}

interface Connection {
  readonly drop: () => void;
  readonly byClient: Map<string, number>;
  waiting: number;
  isDropped: boolean;
}

/**
 * Counts what waits in one process. Beyond a limit the connection for which most waits is dropped: one that keeps up has
 * nothing waiting, whatever others do.
 */
export class UnreadBytes {
  readonly #limits: UnreadLimits;
  readonly #byClient = new Map<string, number>();
  /** Those for which something waits. */
  readonly #connections = new Set<Connection>();
  #total = 0;

  constructor(limits: Partial<UnreadLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
  }

  /**
   * Counts for one connection from now on.
   * @param clientOf whose connection it is at the moment
   * @param drop closes it without waiting for its client
   */
  open(clientOf: () => string, drop: () => void): UnreadOfConnection {
    const connection: Connection = { drop, byClient: new Map(), waiting: 0, isDropped: false };
    return {
      sent: (bytes) => {
        const client = clientOf();
        const isLate = connection.waiting > this.#limits.ofConnection;
        this.#add(connection, client, bytes);
        if (isLate) this.#drop(connection);
        while ((this.#byClient.get(client) ?? 0) > this.#limits.ofClient) this.#dropLargest(client);
        while (this.#total > this.#limits.ofProcess) this.#dropLargest();
        return () => {
          if (!connection.isDropped) this.#add(connection, client, -bytes);
        };
      },
    };
  }

  /** What waits in the whole process. */
  get total(): number {
    return this.#total;
  }

  #add(connection: Connection, client: string, bytes: number): void {
    if (connection.isDropped) return;
    addTo(connection.byClient, client, bytes);
    addTo(this.#byClient, client, bytes);
    connection.waiting += bytes;
    this.#total += bytes;
    if (connection.waiting > 0) this.#connections.add(connection);
    else this.#connections.delete(connection);
  }

  #dropLargest(client?: string): void {
    const waitingOf = ({ byClient, waiting }: Connection): number =>
      client === undefined ? waiting : (byClient.get(client) ?? 0);
    let largest: Connection | undefined;
    for (const connection of this.#connections) {
      if (largest === undefined || waitingOf(connection) > waitingOf(largest)) largest = connection;
    }
    if (largest !== undefined) this.#drop(largest);
  }

  #drop(connection: Connection): void {
    if (connection.isDropped) return;
    for (const [client, bytes] of connection.byClient) this.#add(connection, client, -bytes);
    connection.isDropped = true;
    connection.drop();
  }
}

function addTo(counts: Map<string, number>, key: string, bytes: number): void {
  const sum = (counts.get(key) ?? 0) + bytes;
  if (sum > 0) counts.set(key, sum);
  else counts.delete(key);
}
