import { writeCompressed, writeProgram, writeText } from './content.ts';
import { randomOf, type Random } from './random.ts';
import { tarParts, tarSize, type Entry } from './tar.ts';

const MIB = 1024 * 1024;
const KERNEL_VERSION = '6.12.0-bench';

export type LayerPlan = {
  /** the same name gives the same bytes */
  readonly name: string;
  readonly bytes: number;
  /** how much of it is small files of text; the rest is programs and libraries */
  readonly text: number;
};

const withParents = (files: readonly Entry[]): Entry[] => {
  const seen = new Set<string>();
  return files.flatMap((file) => {
    const parts = file.path.split('/').slice(0, -1);
    const missing = parts
      .map((_, index) => parts.slice(0, index + 1).join('/'))
      .filter((path) => !seen.has(path));
    for (const path of missing) seen.add(path);
    return [...missing.map((path): Entry => ({ type: 'directory', path })), file];
  });
};

const fileOf = (
  path: string,
  mode: number,
  size: number,
  writeContent: (into: Uint8Array, from: number, to: number, random: Random) => void,
): Entry => ({
  type: 'file',
  path,
  mode,
  size,
  write: (into) => writeContent(into, 0, into.length, randomOf(path)),
});

/** Small files in folders of forty, some programs, a symlink for every twelfth file and a hard link for every ninetieth. */
export const planLayer = ({ name, bytes, text }: LayerPlan): Entry[] => {
  const random = randomOf(name);
  const files: Entry[] = [];
  let left = bytes * text;
  for (let number = 0; left > 0; number += 1) {
    const size = random.skewed(400, 192 * 1024);
    const folder = `usr/share/${name}/${['lib', 'doc', 'conf', 'site'][random.below(4)]}/d${Math.floor(number / 40)}`;
    const path = `${folder}/f${number}.txt`;
    files.push(fileOf(path, 0o644, size, writeText));
    if (number % 12 === 5)
      files.push({ type: 'symlink', path: `${folder}/s${number}`, target: `f${number}.txt` });
    if (number % 90 === 7) files.push({ type: 'hardlink', path: `${folder}/h${number}.txt`, target: path });
    left -= size;
  }
  left = bytes * (1 - text);
  for (let number = 0; left > 0; number += 1) {
    const size = Math.min(Math.ceil(left), random.skewed(60 * 1024, 9 * MIB));
    const isProgram = number % 3 === 0;
    const path = isProgram ? `usr/bin/${name}${number}` : `usr/lib/lib${name}${number}.so.1.${number}`;
    files.push(fileOf(path, 0o755, size, writeProgram));
    if (!isProgram)
      files.push({ type: 'symlink', path: path.replace(/\.\d+$/, ''), target: path.replace(/^.*\//, '') });
    left -= size;
  }
  return withParents(files);
};

/** `kernel` and `kernel.tar` with modules, as LinuxKit's kernel images have them. */
export const planKernelLayer = (bytes: number): Entry[] => {
  const random = randomOf('kernel');
  const modules: Entry[] = [];
  for (let left = bytes * 0.8, number = 0; left > 0; number += 1) {
    const size = random.skewed(8 * 1024, MIB);
    const folder = ['drivers/net', 'drivers/usb', 'fs', 'net', 'crypto'][random.below(5)];
    const path = `lib/modules/${KERNEL_VERSION}/kernel/${folder}/m${number}/m${number}.ko`;
    modules.push(fileOf(path, 0o644, size, writeProgram));
    left -= size;
  }
  modules.push(fileOf(`lib/modules/${KERNEL_VERSION}/modules.dep`, 0o644, modules.length * 60, writeText));
  const entries = withParents(modules);
  return [
    fileOf('kernel', 0o644, Math.round(bytes * 0.2), writeCompressed),
    {
      type: 'file',
      path: 'kernel.tar',
      mode: 0o644,
      size: tarSize(entries),
      write: (into) => {
        let at = 0;
        for (const part of tarParts(entries)) {
          into.set(part, at);
          at += part.length;
        }
      },
    },
  ];
};
