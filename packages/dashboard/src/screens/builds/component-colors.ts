import type { CSSProperties } from 'react';

type Ground = CSSProperties & Readonly<Record<'--tile-light' | '--tile-dark', string>>;

/** Grounds of tiles that dark text (light) and light text (dark) is read on, told apart by people who see few colours. */
const GROUNDS = [
  ['#a9d3f2', '#1f4f78'],
  ['#f6c79b', '#7a4310'],
  ['#b5dfb8', '#22592c'],
  ['#dcc2ef', '#57307a'],
  ['#f4b9c8', '#7c2440'],
  ['#a6dfe3', '#0f5a63'],
  ['#eadb93', '#5f5210'],
  ['#cbd2d9', '#454d55'],
] as const;
const OTHER = ['#e3e6e9', '#33383d'] as const;

/**
 * A ground for each component, the largest first; those of the build itself and those after the eighth share one.
 */
export const groundsOf = (components: readonly (string | null)[]): ((component: string | null) => Ground) => {
  const named = components.filter((component) => component !== null);
  return (component) => {
    const at = component === null ? -1 : named.indexOf(component);
    const [light, dark] = GROUNDS[at] ?? OTHER;
    return { '--tile-light': light, '--tile-dark': dark };
  };
};
