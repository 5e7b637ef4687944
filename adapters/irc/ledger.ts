import { PlaceRefused } from '../../src/chat/message.ts';
import { field } from './event.ts';
import type { Network } from './network.ts';

/** A line that has been or will be sent, until it is known what became of it. */
export interface Line {
  readonly label: string;
  readonly target: string;
  readonly text: string;
  /** The PING that was sent after it; null before. */
  barrier: number | null;
  /** By performance.now(); null while it waits for its turn. */
  leftAt: number | null;
  /** With the server's id of the message, where it gives one. */
  arrived(id: string | null): void;
  failed(why: Error): void;
}

export interface Ledger {
  readonly lines: Line[];
  settle(line: Line, how: Error | { readonly id: string | null }): void;
  /** Asks the server, where that is due, whether it has what was sent. */
  look(): void;
}

/** Lines that have waited for so long are asked about, though more wait to be sent or an echo may still come. */
const askAfterMs = 3000;
const lookEveryMs = 500;
/** A server that confirms nothing for so long has not got it. */
const patienceMs = 60_000;

/** A line has arrived when it is echoed or, where the server echoes nothing, when a PING sent after it is answered. */
export function openLedger(network: Network): Ledger {
  const lines: Line[] = [];
  let barriers = 0;
  let asked = false;
  const echoes = () => network.client.network.cap.isEnabled('echo-message');

  function settle(line: Line, how: Error | { readonly id: string | null }): void {
    const at = lines.indexOf(line);
    if (at === -1) return;
    lines.splice(at, 1);
    if (how instanceof Error) line.failed(how);
    else line.arrived(how.id);
  }

  function look(): void {
    const now = performance.now();
    const waited = ({ leftAt }: Line) => (leftAt === null ? 0 : now - leftAt);
    for (const line of lines.filter((one) => waited(one) > patienceMs))
      settle(line, new Error('the server did not confirm a line'));
    const open = lines.filter(({ barrier, leftAt }) => barrier === null && leftAt !== null);
    const due = open.some((line) => waited(line) > askAfterMs) || (!echoes() && network.idle());
    if (open.length > 0 && due && !asked) ask(open);
  }

  /** One PING stands for all lines before it. */
  function ask(open: readonly Line[]): void {
    barriers += 1;
    asked = true;
    for (const line of open) line.barrier = barriers;
    network.send({ command: 'PING', params: [`vigie-${barriers}`] }, 'protocol', '').catch(() => {
      asked = false;
    });
  }

  network.client.on('pong', (event) => {
    const number = Number(/^vigie-(\d+)$/.exec(String(field(event, 'message')))?.[1] ?? Number.NaN);
    if (Number.isNaN(number)) return;
    asked = false;
    // An echo comes before the PONG: where there is none the server has swallowed the line.
    const outcome = echoes() ? new Error('the server swallowed a line') : { id: null };
    for (const line of lines.filter(({ barrier }) => barrier !== null && barrier <= number)) settle(line, outcome);
    look();
  });
  network.onLoss((why) => {
    asked = false;
    for (const line of [...lines]) settle(line, why);
  });
  setInterval(look, lookEveryMs).unref();
  hearOutcomes(network, lines, settle);
  return { lines, settle, look };
}

/** Echoes and refusals. */
function hearOutcomes({ client }: Network, lines: readonly Line[], settle: Ledger['settle']): void {
  client.on('privmsg', (event) => {
    if (!client.caseCompare(String(field(event, 'nick')), client.user.nick)) return;
    const tags = field(event, 'tags');
    const label = field(tags, 'label');
    const echoed = lines.find((line) =>
      label === undefined
        ? client.caseCompare(line.target, String(field(event, 'target'))) && line.text === field(event, 'message')
        : line.label === label,
    );
    const id = field(tags, 'msgid');
    if (echoed !== undefined) settle(echoed, { id: typeof id === 'string' ? id : null });
  });
  client.on('irc error', (event) => {
    const refusal = refusalOf(event);
    const target = field(event, 'channel') ?? field(event, 'nick');
    const line = lines.find((one) => typeof target === 'string' && client.caseCompare(one.target, target));
    if (refusal !== null && line !== undefined) settle(line, refusal);
  });
}

function refusalOf(event: unknown): Error | null {
  const reason = String(field(event, 'reason') ?? '').slice(0, 200);
  switch (field(event, 'error')) {
    case 'cannot_send_to_channel':
      return new Error(`the channel takes no line of vigie: ${reason}`);
    case 'cannot_send_to_user':
    case 'no_such_nick':
      return new PlaceRefused(`nobody there by that nick: ${reason}`);
    case 'no_such_channel':
      return new Error(`there is no such channel: ${reason}`);
    default:
      return null;
  }
}
