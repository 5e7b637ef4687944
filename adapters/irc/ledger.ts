import { PlaceRefused } from '../../src/chat/message.ts';
import { plain } from './formatting.ts';
import type { Network } from './network.ts';
import { hearOutcomes, type Which } from './outcomes.ts';
import { openPulse } from './pulse.ts';
import { openThrottles } from './throttles.ts';

/** A line that has been or will be sent, until it is known what became of it. */
export interface Line {
  readonly label: string;
  readonly target: string;
  readonly text: string;
  /** When, by performance.now(), and how many bytes had been sent with it; null while it waits for its turn. */
  left: { readonly at: number; readonly bytes: number } | null;
  /** With the server's id of the message, where it gives one. */
  arrived(id: string | null): void;
  failed(why: Error): void;
  /** Sent once more, before all that was to be sent there after it; fails where that was done too often. */
  again(): void;
}

export interface Ledger {
  readonly lines: Line[];
  settle(line: Line, how: Error | { readonly id: string | null }): void;
  /** Asks the server, where that is due, whether it has what was sent. */
  look(): void;
  /** Of these nothing more is awaited, nor said. */
  drop(target: string, why: Error): void;
}

/** Lines that have waited for so long are asked about, though more wait to be sent or an echo may still come. */
const askAfterMs = 3000;
const lookEveryMs = 500;
/** A server that confirms nothing for so long has not got it. */
const patienceMs = 60_000;

/** A line has arrived when it is echoed or, where the server echoes nothing, when a PING sent after it is answered. */
export function openLedger(network: Network): Ledger {
  const { lines, settle, answered, drop } = openLines(network);
  const pulse = openPulse(network);
  const throttles = openThrottles(network);
  const echoes = () => hasEchoes(network);

  function look(): void {
    for (const line of lines.filter((one) => waitedMs(one) > patienceMs))
      settle(line, new Error('the server did not confirm a line'));
    if (pulse.overdue()) network.giveUp('the server answers no PING');
    if (throttles.pending() || isDoubtful(network, lines)) pulse.ask();
  }

  hearOutcomes(network, {
    echoed(which, text, id) {
      const line = echoedOf(network, lines, which, text);
      if (line !== undefined) answered(line, { id });
    },
    refused(which, why) {
      const told = refusedOf(network, lines, which);
      // Where neither a label nor an echo tells which of them was taken, none counts as said.
      const [first, ...more] = told;
      if (first !== undefined) answered(first, why);
      if (which.label === null && !echoes()) for (const line of more) settle(line, why);
      if (why instanceof PlaceRefused) drop(which.target, why);
    },
    throttled(target) {
      throttles.note(target);
      look();
    },
    answered(name) {
      const bytes = pulse.answered(name);
      if (bytes === null) return;
      const read = inOrder(lines).filter(({ left }) => (left?.bytes ?? 0) <= bytes);
      const thrown = throttles.thrownAway(read);
      for (const line of thrown) line.again();
      network.read(bytes);
      // An echo comes before the PONG: where there is none the server has swallowed the line.
      const outcome = echoes() ? new Error('the server swallowed a line') : { id: null };
      for (const line of read) if (!thrown.includes(line)) settle(line, outcome);
      look();
    },
  });
  setInterval(look, lookEveryMs).unref();
  return { lines, settle, look, drop };
}

function openLines(network: Network) {
  const { client } = network;
  const lines: Line[] = [];
  network.onLoss((why) => {
    for (const line of [...lines]) settle(line, why);
  });

  function settle(line: Line, how: Error | { readonly id: string | null }): void {
    const at = lines.indexOf(line);
    if (at === -1) return;
    lines.splice(at, 1);
    if (how instanceof Error) line.failed(how);
    else line.arrived(how.id);
  }

  function drop(target: string, why: Error): void {
    network.drop(client.caseLower(target), why);
    for (const line of lines.filter((one) => client.caseCompare(one.target, target))) settle(line, why);
  }

  /** What the server answers it has read, and all that was sent before. */
  function answered(line: Line, how: Error | { readonly id: string | null }): void {
    network.read(line.left?.bytes ?? 0);
    settle(line, how);
  }

  return { lines, settle, answered, drop };
}

function hasEchoes({ client }: Network): boolean {
  return client.network.cap.isEnabled('echo-message');
}

/** Since it left. */
function waitedMs({ left }: Line): number {
  return left === null ? 0 : performance.now() - left.at;
}

/** Only an answer to a PING tells by now whether the server has what was sent. */
function isDoubtful(network: Network, lines: readonly Line[]): boolean {
  const open = lines.filter(({ left }) => left !== null);
  const silent = open.length > 0 && !hasEchoes(network) && network.idle();
  return silent || open.some((line) => waitedMs(line) > askAfterMs) || network.pressed();
}

/**
 * Without a label by what was said, whose colours the channel may have taken; a server that changed more of it still
 * answers in order.
 */
function echoedOf({ client }: Network, lines: readonly Line[], which: Which, text: string): Line | undefined {
  if (which.label !== null) return lines.find(({ label }) => label === which.label);
  const sent = inOrder(lines).filter(({ target }) => client.caseCompare(target, which.target));
  return sent.find((line) => line.text === text) ?? sent.find((line) => plain(line.text) === plain(text)) ?? sent[0];
}

/** In order; some servers name the channel where only its operators were spoken to. */
function refusedOf({ client }: Network, lines: readonly Line[], which: Which): Line[] {
  if (which.label !== null) return lines.filter(({ label }) => label === which.label);
  const whole = (target: string) => target.replace(/^[^#&]+(?=[#&])/, '');
  return inOrder(lines).filter(
    ({ target }) => client.caseCompare(target, which.target) || client.caseCompare(whole(target), which.target),
  );
}

/** As they left: an answer overtakes the news that was asked for before it. */
function inOrder(lines: readonly Line[]): Line[] {
  const bytes = ({ left }: Line) => left?.bytes ?? 0;
  return lines.filter(({ left }) => left !== null).sort((one, other) => bytes(one) - bytes(other));
}
