import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildkitVersion, openBuildx, type BuildkitDaemon } from './buildx.ts';
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

/** The words after `docker-buildx build --builder …`. */
export const buildxArgs = ({ work, arch, build, bases }: EngineJob): string[] => {
  const args = { ...build.args, SOURCE_DATE_EPOCH: '0' };
  return [
    ['--progress=plain', '--no-cache', '--provenance=false', '--sbom=false'],
    [`--platform=${platformOf(arch)}`, `--file=${work}/Dockerfile`],
    build.target === undefined ? [] : [`--target=${build.target}`],
    build.network === 'none' ? ['--network=none'] : [],
    Object.entries(args).map(([name, value]) => `--build-arg=${name}=${value}`),
    bases.map(
      ({ name, folder, index }) =>
        `--build-context=${familiar(name)}=oci-layout://${work}/${folder}@${index}`,
    ),
    [`--output=type=oci,tar=false,dest=${work}/out,rewrite-timestamp=true`, `${work}/context`],
  ].flat();
};

/** A BuildKit daemon, which emulates and isolates by itself. */
export const buildkitEngine = (daemon: BuildkitDaemon, signal: AbortSignal | undefined): Engine => ({
  isolation: 'buildkit',
  needs: `that of a Docker engine can give images as files only with its containerd image store ("features": {"containerd-snapshotter": true} in daemon.json)`,
  version: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-buildx-'));
    try {
      return `buildkit ${await buildkitVersion(daemon, folder)}`;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  prepare: () => Promise.resolve(),
  build: async (job, onLine) => {
    const folder = join(job.work, 'buildx');
    await mkdir(folder);
    // What is to be ignored is not in the context any more.
    await writeFile(join(job.work, 'Dockerfile.dockerignore'), '# nothing\n');
    const { command, builder } = await openBuildx(daemon, folder);
    const words = [...command, 'build', ...builder, ...buildxArgs(job)];
    return { succeeded: (await runEngine('env', words, onLine, signal)) === 0 };
  },
  log: buildkitLog,
});
