import { connect } from 'node:net';
import { createInterface } from 'node:readline';

/** Somebody who types as fast as a socket takes it. */
export interface Person {
  send(line: string): void;
  /** Every line of the server's from now on. */
  onLine(listener: (line: string) => void): () => void;
  close(): void;
}

/** Registered, logged in with SASL where there is a password, in the channel. */
export async function arrive(port: number, nick: string, channel: string, password: string | null): Promise<Person> {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  const listeners = new Set<(line: string) => void>();
  const send = (line: string): void => void socket.write(`${line}\r\n`);
  const lines = createInterface({ input: socket });
  lines.on('error', () => {});
  lines.on('line', (line) => {
    if (line.startsWith('PING')) send(`PONG${line.slice(4)}`);
    else for (const listener of listeners) listener(line);
  });
  const comes = (what: RegExp): Promise<void> =>
    new Promise((resolve) => {
      const listen = (line: string): void => {
        if (!what.test(line)) return;
        listeners.delete(listen);
        resolve();
      };
      listeners.add(listen);
    });
  if (password !== null) send('CAP REQ :sasl');
  send(`NICK ${nick}`);
  send(`USER ${nick} 0 * :${nick}`);
  if (password !== null) {
    send('AUTHENTICATE PLAIN');
    await comes(/^AUTHENTICATE :?\+/);
    send(`AUTHENTICATE ${Buffer.from(`${nick}\0${nick}\0${password}`).toString('base64')}`);
    await comes(/ 903 /);
    send('CAP END');
  }
  await comes(/ 00[14] | 376 | 422 /);
  send(`JOIN ${channel}`);
  await comes(/ 366 /);
  return {
    send,
    onLine(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => socket.end('QUIT\r\n'),
  };
}
