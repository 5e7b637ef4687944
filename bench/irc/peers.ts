import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { createIrc } from '../../adapters/irc/irc.ts';
import { startBot } from '../../src/bot.ts';
import { loadRegistry } from '../../src/command/registry.ts';
import { openBells } from '../../src/jobs/queue.ts';
import { policyOf } from '../../src/policy/policy.ts';
import { parsePolicy } from '../../src/policy/policy-file.ts';
import { type RunningWorker, startWorker } from '../../src/worker.ts';
import { log, openGround } from '../ground.ts';

/** One bot in a process of its own: `bare`, `hubot` or `vigie`, on the port that PORT names; says `ready` to its parent. */
const port = Number(process.env['PORT']);
const password = process.env['PASSWORD'] ?? '';
const channel = process.env['CHANNEL'] ?? '#bench';

interface Client {
  connect(options: object): void;
  on(event: string, listener: (event: { nick: string; target: string; message: string }) => void): void;
  say(target: string, text: string): void;
  join(channel: string): void;
}

const { Client: IrcClient }: { Client: new () => Client } = createRequire(import.meta.url)('irc-framework');

/** What vigie says: two lines. */
const whoami = (nick: string): string[] => [
  `You are ${nick}: operator, approver`,
  `  account: irc:bench/${nick} · place: irc:bench/${channel} · cloud here: demo · vigie: bench`,
];

function client(nick: string, ready: () => void): Client {
  const one = new IrcClient();
  one.connect({ host: '127.0.0.1', port, nick, username: nick, gecos: nick, auto_reconnect: false, version: '' });
  one.on('registered', () => one.join(channel));
  one.on('join', () => ready());
  return one;
}

const ready = (): void => void process.send?.('ready');

function bare(): void {
  const one = client('bare', ready);
  one.on('privmsg', ({ nick, target, message }) => {
    if (message === '!whoami') for (const line of whoami(nick)) one.say(target, line);
  });
}

/** With the thinnest adapter that there can be: its own for IRC does not install from the registry any more. */
async function hubot(): Promise<void> {
  process.env['HUBOT_LOG_LEVEL'] = 'silent';
  const { Robot, Adapter, TextMessage, User } = await import(pathToFileURL(process.env['HUBOT'] ?? '').href);
  const one = client('hubot', ready);
  const adapter = Object.assign(new Adapter(), {
    use: () => adapter,
    run: async () => void adapter.emit('connected'),
    send: async (envelope: { room: string }, ...texts: string[]) => {
      for (const text of texts) one.say(envelope.room, text);
    },
  });
  const robot = new Robot(adapter, false, 'hubot');
  adapter.robot = robot;
  one.on('privmsg', ({ nick, target, message }) => {
    const user = new User(nick, { name: nick, room: target });
    void adapter.receive(new TextMessage(user, message, `${performance.now()}`));
  });
  robot.hear(
    /^!whoami$/,
    async (answer: { message: { user: { name: string } }; send(...texts: string[]): Promise<void> }) =>
      answer.send(...whoami(answer.message.user.name)),
  );
  await robot.loadAdapter();
  await robot.run();
}

const people = `
people:
  alice: { accounts: ['irc:bench/alice'], roles: [operator, approver] }
  bob: { accounts: ['irc:bench/bob'], roles: [operator, approver] }
anyone: { roles: [reader] }
rules: [ { allow: [everyone] } ]
places: { 'irc:bench/${channel}': { cloud: demo } }
`;

/** Bot and worker on a simulated cloud; RATE=real keeps the bucket as it is shipped. `stop worker` leaves plans where they are. */
async function vigie(): Promise<void> {
  const ground = await openGround({ SIMULATOR_SERVERS: '198', SIMULATOR_TOKEN_ROWS: '0' });
  const bells = openBells(ground.redisUrl);
  const registry = await loadRegistry(new URL('../../commands', import.meta.url));
  const policy = policyOf(parsePolicy(people, 'policy.yaml'));
  const shared = { version: 'bench', database: ground.database, bells, registry, log, policy: () => policy };
  const worker: RunningWorker = await startWorker({ ...shared, clouds: ['demo'], cloud: async () => ground.cloud });
  const fast = process.env['RATE'] !== 'real';
  const irc = createIrc({
    name: 'bench',
    link: { host: '127.0.0.1', port, tls: null },
    nick: 'vigie',
    serverPassword: null,
    login: password === '' ? null : { account: 'vigie', mechanism: 'PLAIN', password },
    channels: [{ name: channel, key: null }],
    version: 'bench',
    colours: false,
    prefix: '!',
    inbound: { burst: 1_000_000, everyMs: 1 },
    ...(fast ? { rate: { burst: 1_000_000, everyMs: 0.001 } } : {}),
    log: () => {},
  });
  const bot = await startBot({ ...shared, adapters: [irc], prefix: '!' });
  process.on('disconnect', () => process.exit());
  process.on('message', (told) => {
    if (told === 'stop worker') void worker.stop().then(ready);
    if (told === 'stop')
      void bot
        .stop()
        .then(() => bells.close())
        .then(() => ground.stop())
        .then(() => process.exit(0));
  });
  while (!irc.connected()) await new Promise((resolve) => setTimeout(resolve, 20));
  ready();
}

await { bare, hubot, vigie }[process.argv[2] as 'bare' | 'hubot' | 'vigie']();
