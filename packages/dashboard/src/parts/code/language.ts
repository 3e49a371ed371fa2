import { json } from '@codemirror/lang-json';
import { yaml } from '@codemirror/lang-yaml';
import type { Extension } from '@codemirror/state';

/** By the name of a file. */
export const languageOf = (path: string): Extension => {
  if (/\.ya?ml$/.test(path)) return yaml();
  return /\.(?:json|lock)$/.test(path) ? json() : [];
};
