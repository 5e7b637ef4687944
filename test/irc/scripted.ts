import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createIrc, type IrcOptions } from '../../adapters/irc/irc.ts';
import type { Adapter, Place } from '../../src/chat/message.ts';

/** A line that vigie sent. */
export interface Sent {
  readonly command: string;
  readonly params: readonly string[];
  readonly label: string | null;
  readonly line: string;
}

export interface Script {
  /** What the server says it can: `echo-message labeled-response`. */
  readonly caps?: string;
  /** Called for each line that is no part of registering; PING is answered unless this says `true`. */
  hears?(sent: Sent, server: Scripted): unknown;
}

/** A server that does what no real one does on demand: cut, fall silent, change what it was told. */
export interface Scripted {
  readonly port: number;
  readonly echoes: boolean;
  readonly sent: readonly Sent[];
  tell(line: string): void;
  /** As servers do that echo: with the label, under the nick of vigie. */
  echo(sent: Sent, text?: string): void;
  cut(): void;
  close(): void;
}

export async function scripted({ caps = '', hears }: Script = {}): Promise<Scripted> {
  const sent: Sent[] = [];
  let socket: Socket | null = null;
  let ids = 0;
  const server = createServer((connection) => {
    socket = connection;
    let rest = '';
    connection.setEncoding('utf8');
    connection.on('error', () => {});
    connection.on('data', (text: string) => {
      const lines = (rest + text).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (socket === connection) take(line);
    });
  });
  const itself: Scripted = {
    get port() {
      const address = server.address();
      return address === null || typeof address === 'string' ? 0 : address.port;
    },
    echoes: caps.includes('echo-message'),
    sent,
    tell: (line) => void socket?.write(`${line}\r\n`),
    echo({ command, params, label }, text = params.at(-1) ?? '') {
      ids += 1;
      const tags = [`msgid=m${ids}`, ...(label === null ? [] : [`label=${label}`])].join(';');
      itself.tell(`@${tags} :vigie!vigie@host ${command} ${params[0]} :${text}`);
    },
    cut() {
      // What was told before arrives: a connection that is reset takes it along.
      socket?.end();
      socket = null;
    },
    close() {
      itself.cut();
      server.close();
    },
  };

  function take(line: string): void {
    const one = parsed(line);
    const welcome = welcomeTo(one, caps);
    for (const answer of welcome ?? []) itself.tell(answer);
    if (welcome !== null) return;
    sent.push(one);
    if (hears?.(one, itself) !== true && one.command === 'PING') itself.tell(`:s PONG s ${one.params[0]}`);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return itself;
}

/** What everybody is answered who comes in; null for all other lines. */
function welcomeTo({ command, params }: Sent, caps: string): string[] | null {
  const [first = ''] = params;
  if (command === 'CAP' && first === 'LS') return [`:s CAP * LS :${caps}`];
  if (command === 'CAP' && first === 'REQ') return [`:s CAP * ACK :${params.at(-1)}`];
  if (command === (caps === '' ? 'USER' : 'CAP'))
    return [':s 001 vigie :welcome', ':s 005 vigie CASEMAPPING=ascii STATUSMSG=@+ CHANTYPES=# :are supported'];
  if (command === 'JOIN') return [`:vigie!vigie@host JOIN ${first}`];
  if (command === 'WHO') return [':s 352 vigie * vigie host s vigie H :0 vigie'];
  return ['NICK', 'USER', 'CAP', 'ISON'].includes(command) ? [] : null;
}

/** At spaces, and at no other sign that looks like one. */
function parsed(line: string): Sent {
  const [, tags = '', command = '', middle = '', , last] =
    /^(?:@([^ ]+) )?([^ ]+)((?: (?!:)[^ ]+)*)( :(.*))?$/s.exec(line) ?? [];
  const params = [...middle.split(' ').filter((word) => word !== ''), ...(last === undefined ? [] : [last])];
  return { command, params, label: /(?:^|;)label=([^;]*)/.exec(tags)?.[1] ?? null, line };
}

/** vigie in front of it, in `#ops`. */
export async function vigieOn(server: Pick<Scripted, 'port'>, more: Partial<IrcOptions> = {}): Promise<Adapter> {
  const vigie = createIrc({
    name: 'test',
    link: { host: '127.0.0.1', port: server.port, tls: null },
    nick: 'vigie',
    serverPassword: null,
    login: null,
    channels: [{ name: '#ops', key: null }],
    version: 'test',
    colours: false,
    prefix: '!',
    rate: { burst: Number.POSITIVE_INFINITY, everyMs: 1 },
    pace: {
      registerMs: 5000,
      settleMs: 50,
      pingMs: 60_000,
      silenceMs: 120_000,
      refusedMs: 1000,
      pauseMs: () => 20,
    },
    log: () => {},
    ...more,
  });
  await vigie.start(async () => {});
  return vigie;
}

export const opsPlace: Place = { adapter: 'irc', id: 'irc:test/#ops', kind: 'channel' };
