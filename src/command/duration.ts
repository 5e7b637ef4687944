const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** `30m`, `2h`, `1d12h`, `1w` in milliseconds; null for anything else. */
export function durationMs(text: string): number | null {
  if (!/^(\d{1,5}[smhdw])+$/.test(text)) return null;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([smhdw])/g))
    total += Number(count) * units[unit as keyof typeof units];
  return total;
}

/** The two largest units, as an operator would say it: `2 d 3 h`, `45 min`. */
export function spokenDuration(ms: number): string {
  const parts = [
    [Math.floor(ms / units.d), 'd'],
    [Math.floor(ms / units.h) % 24, 'h'],
    [Math.floor(ms / units.m) % 60, 'min'],
    [Math.floor(ms / units.s) % 60, 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return '0 s';
  const said = parts.slice(first, first + 2).filter(([count]) => count > 0);
  return said.map(([count, unit]) => `${count} ${unit}`).join(' ');
}
