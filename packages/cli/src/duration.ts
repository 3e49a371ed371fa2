const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const DURATION = /^(?:\d+[smhdw])+$/;

export const DURATIONS = 'a time such as 90s, 15m, 1h30m, 6h, 7d or 2w';

/** @returns seconds; undefined for what is none, also for a number without a unit */
export const parseDuration = (text: string): number | undefined => {
  const compact = text.trim().replaceAll(/\s+/g, '');
  if (!DURATION.test(compact)) return undefined;
  const parts = [...compact.matchAll(/(\d+)([smhdw])/g)];
  const units = parts.map(([, , unit]) => SECONDS[unit ?? ''] ?? 0);
  // From large to small, each once: what stands otherwise is more likely a slip than meant.
  if (units.some((unit, at) => at > 0 && unit >= (units[at - 1] ?? 0))) return undefined;
  return parts.reduce((sum, [, digits], at) => sum + Number(digits) * (units[at] ?? 0), 0);
};

/** The two largest units of it: `2d 3h`, `1h 30m`, `45s`. */
export const describeDuration = (seconds: number): string => {
  let rest = Math.max(0, Math.round(seconds));
  // Of something that takes hours, seconds say nothing.
  if (rest >= 86_400) rest = Math.round(rest / 3600) * 3600;
  else if (rest >= 3600) rest = Math.round(rest / 60) * 60;
  const parts: string[] = [];
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const number = Math.floor(rest / size);
    rest -= number * size;
    if (number > 0) parts.push(`${number}${unit}`);
  }
  return parts.slice(0, 2).join(' ') || '0s';
};
