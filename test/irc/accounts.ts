import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** Account and password. Test words: nothing here is a secret. */
export const accounts = {
  vigie: 'vigie-pass',
  alice: 'alice-pass',
  bob: 'bob-pass',
  carol: 'carol-pass',
} as const;

/** Through NickServ, as a person would. */
export async function registerAccounts(port: number): Promise<void> {
  await Promise.all(Object.entries(accounts).map(([account, password]) => registered(port, account, password)));
}

async function registered(port: number, account: string, password: string): Promise<void> {
  let last = 'no answer';
  for (const until = performance.now() + 30_000; performance.now() < until; await sleep(200)) {
    last = await register(port, account, password);
    if (last === 'done') return;
  }
  throw new Error(`account ${account} could not be registered: ${last}`);
}

/** One raw session: come as the nick, ask NickServ, read its answer. It may not be there yet. */
function register(port: number, nick: string, password: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const send = (line: string): void => void socket.write(`${line}\r\n`);
    const settle = (said: string): void => {
      resolve(said);
      // A server that has not answered may not hang up either.
      socket.setTimeout(0);
      if (!socket.writableEnded) socket.end('QUIT\r\n', () => socket.destroySoon());
    };
    const ask = (): void => send(`PRIVMSG NickServ :REGISTER ${password} ${nick}@vigie.test`);
    socket.setTimeout(10_000, () => settle('no answer'));
    socket.on('error', (error) => settle(error.message));
    socket.once('close', () => resolve('closed'));
    const lines = createInterface({ input: socket });
    lines.on('error', () => {}); // the socket's own, told above
    lines.on('line', (line) => {
      if (line.startsWith('PING')) send(`PONG${line.slice(4)}`);
      else if (/ (376|422) /.test(line)) ask();
      else if (/ 401 /.test(line)) settle('there is no NickServ yet');
      else if (/ NOTICE .*(is now registered|already registered)/.test(line.replaceAll('\u0002', ''))) settle('done');
      else if (/ 433 | ERROR /.test(line)) settle(line);
    });
    send(`NICK ${nick}`);
    send(`USER ${nick} 0 * :${nick}`);
  });
}
