import type { EditCell } from '../openstack/cloud.ts';

/** A database's row may steer a terminal or fill a chat: one short line each. */
const longest = 80;

/** Cells as people may see them: a secret says only how long it is. */
export function shownCell(
  column: string,
  before: Buffer | null,
  { after, hidden }: { after: Buffer | null | 'now' | undefined; hidden: boolean },
): EditCell {
  const words = (cell: Buffer | null | 'now') => (hidden ? hiddenWords(cell) : wordsOf(cell));
  return { column, before: words(before), after: after === undefined ? null : words(after) };
}

function wordsOf(cell: Buffer | null | 'now'): string {
  if (cell === null) return 'NULL';
  if (cell === 'now') return 'now';
  const line = cell.toString('utf8').replace(/\p{C}/gu, '?');
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}

function hiddenWords(cell: Buffer | null | 'now'): string {
  if (cell === null) return 'NULL';
  return cell === 'now' ? 'now' : `hidden (${cell.length} bytes)`;
}
