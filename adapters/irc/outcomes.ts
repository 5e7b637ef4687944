import type { ServerLine } from 'irc-framework';
import { PlaceRefused } from '../../src/chat/message.ts';
import { isChannel } from './identity.ts';
import type { Network } from './network.ts';

/** Which of our lines the server means: by the label that it was sent with, else by whom it went to. */
export interface Which {
  readonly label: string | null;
  /** As it stood in the line: `@#ops` is not `#ops`. */
  readonly target: string;
}

export interface OutcomeListener {
  echoed(which: Which, text: string, id: string | null): void;
  refused(which: Which, why: Error): void;
  /** One line for there was thrown away; so is all that comes after it, for a while. */
  throttled(target: string): void;
  /** The PING with this name, and so whatever was sent before it. */
  answered(ping: string): void;
}

/**
 * What the server says became of our lines, read as it stands on the wire: the framework's events have neither the
 * label of a refusal nor that of a batch.
 */
export function hearOutcomes({ client, onLoss }: Pick<Network, 'client' | 'onLoss'>, listener: OutcomeListener): void {
  const batches = new Map<string, string>();
  let doubtful: { readonly which: Which; readonly why: Error } | null = null;
  const labelled = () => client.network.cap.isEnabled('labeled-response');

  onLoss(() => {
    batches.clear();
    doubtful = null;
  });

  /** Our own words are told again by a history, in a batch of its own, and by bouncers: an echo has the label, where there are any. */
  function isEcho({ nick, tags }: ServerLine, label: string | null): boolean {
    if (!client.caseCompare(nick, client.user.nick)) return false;
    return label !== null || (tags['batch'] === undefined && !labelled());
  }

  function refuse(which: Which, line: ServerLine): void {
    const why = refusalOf(line, which.target);
    if (why === null) return;
    if (line.command === noSuchNick && which.label === null) doubtful = { which, why };
    else if (which.label !== null || !labelled()) listener.refused(which, why);
  }

  client.connection.on('message', (line) => {
    const { command, nick, params, tags } = line;
    const [first = '', second = ''] = params;
    // Nobody has that nick: where the end of a WHOIS follows, that is the answer to a WHOIS and to no line of ours.
    const asked = command === endOfWhois && client.caseCompare(second, doubtful?.which.target ?? '');
    if (doubtful !== null && !asked && !labelled()) listener.refused(doubtful.which, doubtful.why);
    doubtful = null;
    const label = tags['label'] ?? batches.get(tags['batch'] ?? '') ?? null;
    if (command === 'BATCH') noteBatch(batches, first, label);
    else if (command === 'PONG') listener.answered(second);
    else if (command === 'PRIVMSG' && isEcho(line, label))
      listener.echoed({ label, target: first }, params.at(-1) ?? '', tags['msgid'] || null);
    else if (command === 'NOTICE' && nick === '') throttled(params.at(-1) ?? '', listener);
    else refuse({ label, target: second }, line);
  });
}

/** hybrid and its kin, solanum too, throw away what a channel hears too fast from all together, and only say so. */
function throttled(words: string, listener: OutcomeListener): void {
  const [, target] = /^\*\*\* Message to (\S+) throttled due to flooding/.exec(words) ?? [];
  if (target !== undefined) listener.throttled(target);
}

/** What answers one line in several is a batch, and only its beginning has the label. */
function noteBatch(batches: Map<string, string>, sign: string, label: string | null): void {
  const id = sign.slice(1);
  if (sign.startsWith('-')) batches.delete(id);
  else if (label !== null) batches.set(id, label);
}

const noSuchNick = '401';
const endOfWhois = '318';
/** The numbers under which servers refuse a line to a channel or to a person. */
const refusals: ReadonlySet<string> = new Set([
  noSuchNick,
  '403', // no such channel
  '404', // cannot send to it
  '408', // no colours there
  '415', // only those with an account
  '439', // another target too soon
  '477', // the same, elsewhere
  '486', // to this person only those with an account
  '531', // not to this person
  '707', // too many targets in too short a time
  '716', // this person takes lines from friends
]);
/** Said of a person, these will be said again. */
const lasting: ReadonlySet<string> = new Set([noSuchNick, '486', '531', '716']);

function refusalOf({ command, params }: ServerLine, target: string): Error | null {
  if (!refusals.has(command)) return null;
  const reason = (params.at(-1) ?? '').slice(0, 200);
  if (lasting.has(command) && !isChannel(target.replace(/^[^#&]+(?=[#&])/, '')))
    return new PlaceRefused(`the server takes no line for ${target}: ${reason}`);
  return new Error(`the server takes no line of vigie for ${target}: ${reason}`);
}
