import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';

/** What a program says. The pipe that Node makes has a new buffer for each piece, and V8 clears gigabytes of them away. */
export interface Outlet {
  /** The program's stdout. Ours is to be destroyed once it has it. */
  readonly inlet: Socket;
  /** Ends where the program, and all that it started, have closed theirs. Pieces lie in one memory: the next overwrites the last. */
  pieces(): AsyncGenerator<Buffer>;
  /** Whoever waits for a piece gets none. */
  close(): void;
}

const mostAtOnce = 256 * 1024;

/** `folder`: nobody else may look into it, so nobody else connects. */
export async function openOutlet(folder: string): Promise<Outlet> {
  const path = join(folder, 'said.sock');
  const server = createServer({ pauseOnConnect: true }).listen(path);
  await once(server, 'listening');
  const memory = Buffer.allocUnsafeSlow(mostAtOnce);
  let told: (length: number) => void = () => undefined;
  const callback = (length: number): boolean => {
    told(length);
    return false;
  };
  const outlet = connect({ path, onread: { buffer: memory, callback } }).pause();
  // What broke is cut off: whoever counts the pieces looks for the last line.
  outlet.on('error', () => undefined).on('close', () => told(0));
  const [inlet] = await once(server, 'connection');
  server.close();
  async function next(): Promise<number> {
    if (outlet.destroyed) return 0;
    return new Promise((resolve) => {
      told = resolve;
      outlet.resume();
    });
  }
  return {
    inlet,
    async *pieces() {
      try {
        for (let length = await next(); length > 0; length = await next()) yield memory.subarray(0, length);
      } finally {
        outlet.destroy();
      }
    },
    close: () => outlet.destroy(),
  };
}
