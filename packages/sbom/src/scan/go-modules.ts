import type { FoundPackage, ScannedFile } from '../found-package.ts';
import { golangPurl } from '../purl.ts';
import { readerOf } from './elf.ts';
import { readGoBuildInfo, type GoBuildInfo } from './go-buildinfo.ts';
import type { Warnings } from './scan.ts';
import { messageOf } from '@slipway/protocol';

/** Bytes; no program of Go is nearly as small, and most files of a tree are. */
export const MIN_GO_PROGRAM_BYTES = 16 * 1024;

export type GoModule = { readonly path: string; readonly version: string };

const PATH = /^[A-Za-z0-9][A-Za-z0-9._~/-]{0,499}$/;
const VERSION = /^v\d+\.\d+\.\d+[A-Za-z0-9.+-]{0,200}$/;
/** What Go calls the version of a module that was built from its working tree. */
const DEVEL = '(devel)';

/** The list is wrapped in 16 bytes on either side, by which programs without its address find it. */
const unwrap = (moduleInfo: string): string => {
  const start = moduleInfo.search(/(?:path|mod|dep|build)\t/);
  return start === -1 ? '' : moduleInfo.slice(start, moduleInfo.lastIndexOf('\n') + 1);
};

/**
 * `mod` and `dep` lines; `=>` says what was built in place of the line before it. A replacement by a folder has no name
 * of its own, so the module keeps the one it is imported by.
 */
export const parseModules = (
  moduleInfo: string,
): { readonly modules: GoModule[]; readonly malformed: string[] } => {
  const modules: GoModule[] = [];
  const malformed: string[] = [];
  for (const line of unwrap(moduleInfo).split('\n')) {
    const [kind, path = '', version = ''] = line.split('\t');
    if (kind !== 'mod' && kind !== 'dep' && kind !== '=>') continue;
    if (kind === '=>' && /^(?:\.{0,2}\/|\.{1,2}$|[A-Za-z]:)/.test(path)) continue;
    const known = version === '' ? DEVEL : version;
    if (!PATH.test(path) || (known !== DEVEL && !VERSION.test(known))) {
      malformed.push(
        `expected the path and version of a module, found ${JSON.stringify(line.slice(0, 120))}`,
      );
      continue;
    }
    if (kind === '=>') modules.pop();
    modules.push({ path, version: known });
  }
  return { modules, malformed };
};

const packageOf = ({ path, version }: GoModule, foundIn: string): FoundPackage => ({
  type: 'golang',
  name: path,
  version,
  purl: golangPurl(path, version === DEVEL ? '' : version),
  licenses: [],
  foundIn,
});

/** The standard library has a version, and faults, of its own. */
const standardLibrary = ({ goVersion }: GoBuildInfo, foundIn: string): FoundPackage[] => {
  const version = /^(?:devel )?go(\d+\.\d+[A-Za-z0-9.+-]*)/.exec(goVersion)?.[1];
  return version === undefined
    ? []
    : [
        {
          type: 'golang',
          name: 'stdlib',
          version,
          purl: golangPurl('stdlib', version),
          licenses: ['BSD-3-Clause'],
          foundIn,
        },
      ];
};

/** Modules in a program of Go; nothing for any other file. Reads a few KiB of it. */
export const readGoProgram = (file: ScannedFile, warnings: Warnings): FoundPackage[] => {
  let info: GoBuildInfo | string | undefined;
  try {
    info = readGoBuildInfo(readerOf(file));
  } catch (error) {
    warnings.add(file.path, `cannot be read: ${messageOf(error)}`);
  }
  if (info === undefined) return [];
  if (typeof info === 'string') {
    warnings.add(file.path, `its list of Go modules cannot be read: ${info}`);
    return [];
  }
  const { modules, malformed } = parseModules(info.moduleInfo);
  for (const message of malformed) warnings.add(file.path, message);
  return [...standardLibrary(info, file.path), ...modules.map((module) => packageOf(module, file.path))];
};
