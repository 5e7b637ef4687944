import type { Reply, Report } from '../../src/chat/report.ts';
import { code, plain, prose } from './blocks.ts';
import { limits, type SlackBlock } from './limits.ts';
import { escaped, line, short } from './text.ts';

/** Its button's `action_id` begins so. */
export const replyAction = 'say';

/** In one row; Slack breaks longer ones as it likes. */
const inRow = 5;

/** Every reply as a button whose value is the line it says; a line too long for one is shown, to be typed. */
export function replyBlocks({ replies = [], title }: Report): SlackBlock[] {
  const [buttons, typed] = [replies.filter(isButton), replies.filter((reply) => !isButton(reply))];
  const rows: SlackBlock[] = [];
  for (let at = 0; at < buttons.length; at += inRow)
    rows.push({
      type: 'actions',
      elements: buttons.slice(at, at + inRow).map((reply, n) => buttonOf(reply, at + n, title)),
    });
  return [...rows, ...typed.flatMap((reply) => [...prose(`${line(reply.label)}: type`), ...code(line(reply.line))])];
}

export function isButton({ line: said }: Reply): boolean {
  return said.length > 0 && escaped(said).length <= limits.buttonValue;
}

function buttonOf({ label, line: said, danger }: Reply, number: number, about: string) {
  return {
    type: 'button',
    action_id: `${replyAction}:${number}`,
    text: plain(short(line(label), limits.buttonText)),
    value: escaped(said),
    ...(danger === true ? { style: 'danger', confirm: confirmation({ label, line: said }, about) } : {}),
  };
}

/** A dialog of the client alone: what decides is the line it says in the end. */
function confirmation({ label, line: said }: Reply, about: string) {
  return {
    title: plain(short(line(label), 90)),
    text: plain(`${short(line(about), limits.confirm / 2)}\nThis says ${short(line(said), limits.confirm / 2 - 30)}`),
    confirm: plain(short(line(label), 30)),
    deny: plain('Not now'),
    style: 'danger',
  };
}
