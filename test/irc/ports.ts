import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';

/**
 * Ports that servers may take a moment later, held all at once, so that they differ. Below those that a kernel gives to
 * outgoing connections: one of these could be in use again before a server has it.
 */
export async function freePorts(count: number): Promise<number[]> {
  const held = await Promise.all(Array.from({ length: count }, holdOne));
  return Promise.all(
    held.map(async ([port, server]) => {
      server.close();
      await once(server, 'close');
      return port;
    }),
  );
}

async function holdOne(): Promise<[port: number, server: Server]> {
  for (;;) {
    const server = createServer();
    const port = randomInt(15_000, 32_000);
    server.listen(port, '127.0.0.1');
    if (await listens(server)) return [port, server];
  }
}

async function listens(server: Server): Promise<boolean> {
  return once(server, 'listening').then(
    () => true,
    () => false,
  );
}

/** Somebody listens there. */
export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
  });
}
