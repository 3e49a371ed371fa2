import { runTool } from '../run-tool.ts';
import type { Engine, EngineJob } from './engine.ts';
import { platformOf } from './platforms.ts';
import { runEngine } from './run-engine.ts';
import { buildkitLog } from './step-log.ts';

/** As BuildKit looks named contexts up: without what Docker's short forms leave out. */
const familiar = (name: string): string =>
  name
    .replace(/^docker\.io\//, '')
    .replace(/^library\//, '')
    .replace(/:latest$/, '');

/** The words after `buildctl`. */
export const buildctlArgs = (address: string, job: EngineJob): string[] => {
  const { work, arch, build, bases } = job;
  const options = {
    filename: 'Dockerfile',
    platform: platformOf(arch),
    'no-cache': '',
    'build-arg:SOURCE_DATE_EPOCH': '0',
    ...(build.target === undefined ? {} : { target: build.target }),
    ...(build.network === 'none' ? { 'force-network-mode': 'none' } : {}),
    ...Object.fromEntries(
      Object.entries(build.args ?? {}).map(([name, value]) => [`build-arg:${name}`, value]),
    ),
    ...Object.fromEntries(
      bases.map(({ name, index }, at) => [`context:${familiar(name)}`, `oci-layout://base-${at}@${index}`]),
    ),
  };
  return [
    ['--addr', address, 'build', '--progress', 'plain', '--frontend', 'dockerfile.v0'],
    ['--local', `context=${work}/context`, '--local', `dockerfile=${work}`],
    ...Object.entries(options).map(([name, value]) => ['--opt', `${name}=${value}`]),
    ...bases.map(({ folder }, at) => ['--oci-layout', `base-${at}=${work}/${folder}`]),
    ['--output', `type=oci,tar=false,dest=${work}/out,rewrite-timestamp=true`],
  ].flat();
};

/** A BuildKit daemon somewhere else, which emulates and isolates by itself. */
export const buildkitEngine = (address: string, signal: AbortSignal | undefined): Engine => ({
  isolation: 'buildkit',
  version: async () => {
    const args = ['--addr', address, 'debug', 'info'];
    const said = (await runTool('buildctl', args, { package: 'BuildKit' })).toString();
    return `buildkit ${/^BuildKit:\s+\S+\s+(\S+)/m.exec(said)?.[1] ?? 'unknown'}`;
  },
  prepare: () => Promise.resolve(),
  build: async (job, onLine) => ({
    succeeded: (await runEngine('buildctl', buildctlArgs(address, job), onLine, signal)) === 0,
  }),
  log: buildkitLog,
});
