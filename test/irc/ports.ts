import { createServer } from 'node:net';

/** Held all at once, so that they differ. */
export async function freePorts(count: number): Promise<number[]> {
  const held = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  return Promise.all(
    held.map(async (server) => {
      const address = server.address();
      await new Promise((resolve) => server.close(resolve));
      return address !== null && typeof address === 'object' ? address.port : 0;
    }),
  );
}
