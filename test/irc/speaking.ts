import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect } from 'vitest';
import type { IrcOptions } from '../../adapters/irc/irc.ts';
import { type Adapter, type Place, PlaceRefused, type PostOptions } from '../../src/chat/message.ts';
import type { Report } from '../../src/chat/report.ts';
import { opsPlace, type Script, type Scripted, scripted, vigieOn } from './scripted.ts';

/** Of the test that runs: one vigie in front of one server that does what it is told. */
export let server: Scripted;
export let vigie: Adapter;
let keys = 0;
afterEach(async () => {
  await vigie.stop();
  server.close();
});

export const modern = 'echo-message labeled-response batch message-tags account-tag';

export async function open(script: Script, more: Partial<IrcOptions> = {}): Promise<void> {
  server = await scripted(script);
  vigie = await vigieOn(server, more);
  await eventually(() => vigie.connected());
}

export async function eventually(holds: () => boolean): Promise<void> {
  await expect.poll(holds, { timeout: 20_000, interval: 5 }).toBe(true);
}

/** As the deliveries do: again while vigie is not there, and with the same key. */
export async function post(report: Report, more: Partial<PostOptions> = {}, place: Place = opsPlace): Promise<string> {
  keys += 1;
  const options = { key: `k${keys}`, weight: 'news' as const, ...more };
  for (let tries = 0; ; tries += 1) {
    try {
      return (await vigie.post(place, report, options)).handle;
    } catch (error) {
      if (error instanceof PlaceRefused || tries > 300) throw error;
      await sleep(20);
    }
  }
}

/** What vigie said somewhere, as it left. */
export function saidTo(target: string): string[] {
  return server.sent
    .filter(({ command, params }) => command === 'PRIVMSG' && params[0] === target)
    .map(({ params }) => params.at(-1) ?? '');
}

export const table = (rows: number): Report => ({
  title: `${rows} servers`,
  tone: 'plain',
  blocks: [
    {
      kind: 'table',
      columns: ['server', 'host'],
      rows: Array.from({ length: rows }, (_, row) => [`web-${row}.`, 'cmp1']),
    },
  ],
});

export const guest: Place = { adapter: 'irc', id: 'irc:test/~bob', kind: 'direct' };

/** The owner of alice's nick, as WHOIS tells it. */
export function whois({ tell }: Scripted, account: string | null): void {
  if (account === null) tell(':s 401 vigie alice :No such nick');
  else {
    tell(':s 311 vigie alice alice host * :alice');
    tell(`:s 330 vigie alice ${account} :is logged in as`);
  }
  tell(':s 318 vigie alice :End of WHOIS');
}
