import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A wire between a client and a server that can be cut, blocked, or made to swallow everything. */
export interface CuttableLine {
  readonly port: number;
  /** Connections taken so far. */
  taken(): number;
  /** Ends what is connected. */
  cut(): void;
  /** Every new connection is ended at once. */
  turnAway(on: boolean): void;
  /** From now on bytes vanish, both ways, on what is connected and what comes. */
  swallow(on: boolean): void;
  /** Nobody listens. */
  close(): Promise<void>;
  /** Somebody listens again, on the same port. */
  open(): Promise<void>;
}

export async function openProxy(target: () => number): Promise<CuttableLine> {
  const sockets = new Set<Socket>();
  let taken = 0;
  let turning = false;
  let swallowing = false;
  const server = createServer((inner) => {
    taken += 1;
    if (turning) return void inner.destroy();
    const outer = connect(target(), '127.0.0.1');
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => {
        if (!swallowing) to.write(bytes);
      });
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        if (!swallowing) to.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: address.port,
    taken: () => taken,
    cut,
    turnAway: (on) => {
      turning = on;
    },
    swallow: (on) => {
      swallowing = on;
    },
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
    async open() {
      server.listen(address.port, '127.0.0.1');
      await once(server, 'listening');
    },
  };
}
