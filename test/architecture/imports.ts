import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

export type ImportEdge = { readonly file: string; readonly specifier: string };

const SOURCE = /\.(?:tsx?|mjs)$/;

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && SOURCE.test(entry.name) && !entry.parentPath.includes('node_modules'),
    )
    .map((entry) => join(entry.parentPath, entry.name));

const IMPORT =
  /(?:^|[\s;])(?:import|export)\s[^;'"]*?from\s*['"]([^'"]+)['"]|(?:^|[\s;])import\s*\(?\s*['"]([^'"]+)['"]/g;

/** Every import of the sources below `root/<folder>`, with relative specifiers resolved to paths from `root`. */
export const importsBelow = (root: string, folder: string): ImportEdge[] =>
  filesBelow(join(root, folder)).flatMap((path) => {
    const text = readFileSync(path, 'utf8');
    return [...text.matchAll(IMPORT)].map((match) => {
      const raw = match[1] ?? match[2] ?? '';
      const specifier = raw.startsWith('.') ? relative(root, resolve(dirname(path), raw)) : raw;
      return { file: relative(root, path), specifier };
    });
  });
