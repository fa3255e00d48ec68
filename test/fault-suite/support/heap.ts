import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { z } from 'zod';
import type { ServerProcess } from '../../support/processes.js';

/** Makes a gateway's heap readable from outside. */
export const HEAP_ARGS = ['--inspect=127.0.0.1:0'];

const answer = z.object({ id: z.int(), result: z.object({ usedSize: z.number().optional() }) });

/** A look into the memory of another process. */
export interface HeapView {
  /** Megabytes that are still used after everything that is garbage was collected. */
  readonly usedMb: () => Promise<number>;
  readonly close: () => void;
}

/** Opens the heap of a gateway that was started with {@link HEAP_ARGS}. */
export async function viewHeap({ output }: ServerProcess): Promise<HeapView> {
  const [address] = /ws:\/\/\S+/.exec(output.stderr) ?? [];
  if (address === undefined) throw new Error('The gateway was not started with HEAP_ARGS.');
  const socket = new WebSocket(address);
  await once(socket, 'open');
  let id = 0;
  const call = async (method: string): Promise<number | undefined> => {
    id += 1;
    const wanted = id;
    const got = new Promise<number | undefined>((resolve) => {
      const onMessage = (data: Buffer): void => {
        const parsed = answer.safeParse(JSON.parse(data.toString()));
        if (!parsed.success || parsed.data.id !== wanted) return;
        socket.off('message', onMessage);
        resolve(parsed.data.result.usedSize);
      };
      socket.on('message', onMessage);
    });
    socket.send(JSON.stringify({ id, method }));
    return await got;
  };
  return {
    usedMb: async () => {
      await call('HeapProfiler.collectGarbage');
      // What is freed by finalisers goes with the next round.
      await delay(50);
      await call('HeapProfiler.collectGarbage');
      return ((await call('Runtime.getHeapUsage')) ?? NaN) / 2 ** 20;
    },
    close: () => socket.close(),
  };
}
