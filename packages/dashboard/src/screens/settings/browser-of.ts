const BROWSERS = [
  [/\bEdg\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\//, 'Firefox'],
  [/\b(?:HeadlessChrome|Chromium|Chrome)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
] as const;
const SYSTEMS = [
  [/\bAndroid\b/, 'Android'],
  [/\b(?:iPhone|iPad)\b/, 'iOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
] as const;

const first = (list: readonly (readonly [RegExp, string])[], text: string): string | undefined =>
  list.find(([pattern]) => pattern.test(text))?.[1];

/** What a session is in, in words, from what it said of itself: `Firefox on Linux`, `slipway at a shell`. */
export const browserOf = (agent: string, kind: 'cookie' | 'bearer'): string => {
  const browser = first(BROWSERS, agent);
  if (browser === undefined) return kind === 'bearer' ? 'slipway at a shell' : 'a browser';
  const system = first(SYSTEMS, agent);
  return system === undefined ? browser : `${browser} on ${system}`;
};
