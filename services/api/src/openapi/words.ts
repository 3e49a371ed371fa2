/** Words that end like a plural and are none. */
const SINGULAR = ['status', 'process', 'access', 'progress', 'address', 'news', 'bus', 'canvas'];

export const singular = (word: string): string => {
  if (SINGULAR.some((known) => word.endsWith(known)) || !word.endsWith('s')) return word;
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (/(?:ss|x|ch|sh)es$/.test(word)) return word.slice(0, -2);
  return word.endsWith('ss') ? word : word.slice(0, -1);
};

/** `device-classes` → `DeviceClasses` */
export const pascalCase = (word: string): string =>
  word.replace(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_match, letter: string) => letter.toUpperCase());

export const camelCase = (word: string): string => {
  const text = pascalCase(word);
  return text.slice(0, 1).toLowerCase() + text.slice(1);
};
