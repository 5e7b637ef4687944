/** How facts are said: short, exact, the same in every command. */

/** `12 servers`, `1 server`. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

/** How long ago, in the largest unit that says something: `3 s`, `12 min`, `5 h`, `41 d`; `-` where unknown. */
export function age(since: Date | null, now: Date): string {
  return since === null ? '-' : duration(now.getTime() - since.getTime());
}

export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

/** `2026-11-22 14:05 UTC`. */
export function moment(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** Memory or disk given in MiB, as people say it: `512 MB`, `8 GB`, `1.5 TB`. */
export function size(mb: number): string {
  if (mb < 1024) return `${Math.round(mb)} MB`;
  const gb = mb / 1024;
  return gb < 1024 ? `${oneDecimal(gb)} GB` : `${oneDecimal(gb / 1024)} TB`;
}

/** Cut at `width` characters, with … as the last of them: whoever cuts must also show where the whole text is. */
export function cut(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join('')}…`;
}

/** `a, b, c and 4 more`. */
export function list(words: readonly string[], limit = 5): string {
  if (words.length <= limit) return words.join(', ');
  return `${words.slice(0, limit).join(', ')} and ${words.length - limit} more`;
}

function oneDecimal(number: number): string {
  return String(Math.round(number * 10) / 10);
}
