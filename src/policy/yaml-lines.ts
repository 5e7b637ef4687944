import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node } from 'yaml';

/** The line (from 1) on which a path stands in the file; of what is missing, the line of what should hold it. */
export function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let start = 0;
  for (const part of path) {
    const found = child(isAlias(node) ? node.resolve(document) : node, part);
    if (found === null) break;
    start = found.start ?? start;
    node = found.node;
  }
  return lines.linePos(start).line;
}

function child(node: unknown, part: PropertyKey): { node: unknown; start: number | undefined } | null {
  if (isSeq<Node>(node)) {
    const item = node.items[Number(part)];
    return item === undefined ? null : { node: item, start: item.range?.[0] };
  }
  if (!isMap<Node, Node>(node)) return null;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
  return pair === undefined ? null : { node: pair.value, start: pair.key.range?.[0] };
}
