import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** A server that does what a test says, where no real one can be brought to it. Everything it was told is in `lines`. */
export interface Answering {
  readonly port: number;
  readonly lines: readonly string[];
  /** Connections taken so far. */
  taken(): number;
  /** To whoever is connected. */
  tell(...lines: readonly string[]): void;
  /** Ends what is connected. */
  cut(): void;
  close(): void;
}

export interface Script {
  readonly caps?: string;
  readonly isupport?: string;
  /** What the server answers to a line; null leaves it to the usual: everybody is let in, everything joined. */
  answer?(line: string): readonly string[] | null;
}

export async function answering({ caps = '', isupport = 'CHANTYPES=#', answer }: Script): Promise<Answering> {
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  let taken = 0;
  const usual = (line: string): readonly string[] => usually(line, caps, isupport);
  const server = createServer((socket) => {
    taken += 1;
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    const told = createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY });
    told.on('error', () => {}); // the socket's own
    told.on('line', (line) => {
      lines.push(line);
      for (const said of answer?.(line) ?? usual(line)) if (!socket.destroyed) socket.write(`${said}\r\n`);
    });
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
    lines,
    taken: () => taken,
    tell(...said) {
      for (const socket of sockets) socket.write(said.map((line) => `${line}\r\n`).join(''));
    },
    cut,
    close() {
      cut();
      server.close();
    },
  };
}

function usually(line: string, caps: string, isupport: string): readonly string[] {
  const [command = '', first = ''] = line.replaceAll(' :', ' ').split(' ');
  if (command === 'AUTHENTICATE') return first === 'PLAIN' ? ['AUTHENTICATE +'] : loggedIn;
  if (command === 'CAP') return first === 'LS' ? [`:s CAP * LS :${caps}`] : usuallyCap(line);
  if (command === 'PING') return [`:s PONG s :${first}`];
  if (command === 'JOIN') return [`:vigie!vigie@h JOIN ${first}`];
  if (command === 'WHO') return [`:s 352 vigie * vigie h s vigie H :0 vigie`, ':s 315 vigie vigie :end'];
  return [];

  function usuallyCap(asked: string): readonly string[] {
    if (first === 'END') return welcome(isupport);
    return first === 'REQ' ? [`:s CAP * ACK :${asked.slice(asked.indexOf(':') + 1)}`] : [];
  }
}

function welcome(isupport: string): readonly string[] {
  return [':s 001 vigie :welcome', `:s 005 vigie ${isupport} :are supported`];
}

const loggedIn = [
  ':s 900 vigie vigie!vigie@h vigie :you are logged in',
  ':s 903 vigie :SASL authentication successful',
];
