import type { Arch } from '@slipway/protocol';
import type { Dockerfile } from './parse-dockerfile.ts';
import { platformOf } from './platforms.ts';

/**
 * A Dockerfile as engines get it; every line stays where it was.
 *
 * - No `# syntax=`: BuildKit would fetch another frontend for it, from a registry and unpinned.
 * - Every FROM says its platform, once one does: buildah 1.39 keeps that of one stage for those after it.
 */
export const engineText = (text: string, { stages }: Dockerfile, arch: Arch): string => {
  const froms = stages.flatMap(({ instructions: [from] }) => (from === undefined ? [] : [from]));
  const isSaid = (rest: string): boolean => rest.startsWith('--platform=');
  const unsaid = froms.some(({ rest }) => isSaid(rest)) ? froms.filter(({ rest }) => !isSaid(rest)) : [];
  const lines = text.replace(/^#\s*syntax\s*=.*$/im, '#').split('\n');
  for (const { line } of unsaid)
    lines[line - 1] = (lines[line - 1] ?? '').replace(/FROM/i, `FROM --platform=${platformOf(arch)}`);
  return lines.join('\n');
};
