import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Inputs } from '../inputs/inputs.ts';
import { runMeasured, type Run } from '../measure/run-measured.ts';
import { touchMemory } from '../measure/touch-memory.ts';
import { figuresOf, type Figures } from '../measure/spread.ts';
import { outputName, type Output, type Request } from './builder.ts';
import { linuxkitBuild, linuxkitEnvironment } from './linuxkit.ts';
import { goalOf, recordedPeer } from './peer-figures.ts';
import type { Measure, Peer } from './result.ts';
import { slipwayBuild } from './slipway.ts';

export type Setting = {
  /** holds the image files */
  readonly inputsDir: string;
  readonly workDir: string;
  readonly inputs: Inputs;
  readonly runs: number;
  readonly slipway: string;
  /** with everything in its cache */
  readonly linuxkit:
    { readonly program: string; readonly version: string; readonly cacheDir: string } | undefined;
  readonly report: (line: string) => void;
};

type Case = Measure['case'];
const copyScript = join(import.meta.dirname, '..', 'measure', 'copy-and-hash.ts');

const empty = async (folder: string): Promise<void> => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
};

/** What was asked for: an SBOM beside it is not part of the output. */
const outputFiles = async (folder: string): Promise<string[]> =>
  (await readdir(folder))
    .filter((name) => !/\.(?:json|txt|contents\.jsonl\.gz)$/.test(name))
    .sort()
    .map((name) => join(folder, name));

const sizeOf = async (files: readonly string[]): Promise<number> => {
  let sum = 0;
  for (const file of files) sum += (await stat(file)).size;
  return sum;
};

const digestOf = async (files: readonly string[]): Promise<string> => {
  const hash = createHash('sha256');
  for (const file of files) await pipeline(createReadStream(file), hash, { end: false });
  return hash.digest('hex');
};

/** Measures builds one after the other, ours and the peer's by turns, so that both meet the same machine. */
export const createMeasuring = ({ inputsDir, workDir, inputs, runs, slipway, linuxkit, report }: Setting) => {
  const cacheDir = join(workDir, 'cache');
  const outDir = join(workDir, 'out');
  const peerDir = join(workDir, 'linuxkit');
  const earlier = join(workDir, 'linuxkit-earlier.tar');
  /** of version 1, per output */
  const digests = new Map<Output, Set<string>>();

  /** Room for an output beside the one before. */
  const settle = (): Promise<void> => touchMemory(workDir, inputs.layerBytes * 1.5);

  const buildOurs = async (output: Output, version: number, described: boolean): Promise<Run> => {
    const request: Request = { output, version, outDir, cacheDir };
    await settle();
    const run = await runMeasured(slipwayBuild(slipway, inputs.arch, request, described), { cwd: inputsDir });
    if (version === 1) {
      const seen = digests.get(output) ?? new Set();
      digests.set(output, seen.add(await digestOf(await outputFiles(outDir))));
    }
    return run;
  };

  const buildPeers = async (output: Output, version: number): Promise<Run | undefined> => {
    if (linuxkit === undefined) return undefined;
    await empty(peerDir);
    const request: Request = { output, version, outDir: peerDir, cacheDir: linuxkit.cacheDir };
    const command = linuxkitBuild(
      linuxkit.program,
      inputs.arch,
      request,
      version === 1 ? undefined : earlier,
    );
    await settle();
    const run = await runMeasured(command, { cwd: inputsDir, env: linuxkitEnvironment(linuxkit.cacheDir) });
    if (version === 1 && output === 'tar') await rename(join(peerDir, outputName('tar')), earlier);
    return run;
  };

  const copyOutput = async (): Promise<Figures> => {
    const files = await outputFiles(outDir);
    const copies = join(workDir, 'copies');
    const all: Run[] = [];
    for (let run = 0; run < runs; run += 1) {
      await empty(copies);
      await settle();
      all.push(await runMeasured([process.execPath, copyScript, copies, ...files], { cwd: workDir }));
    }
    await rm(copies, { recursive: true });
    return figuresOf(all);
  };

  const measure = async (output: Output, kind: Case): Promise<Measure> => {
    const ours: Run[] = [];
    const theirs: Run[] = [];
    const hasPeer = goalOf({ output, case: kind }) !== null;
    for (let run = 0; run < runs; run += 1) {
      report(`${output}, ${kind}: run ${run + 1} of ${runs}`);
      const version = kind === 'rebuild' ? run + 2 : 1;
      if (kind === 'first') await empty(cacheDir);
      // A rebuild finds what the build before has left.
      if (kind !== 'rebuild') await empty(outDir);
      ours.push(await buildOurs(output, version, kind === 'described'));
      const peers = hasPeer ? await buildPeers(output, version) : undefined;
      if (peers !== undefined) theirs.push(peers);
    }
    const figures = figuresOf(ours);
    const peerFiles =
      theirs.length === 0 ? [] : kind === 'warm' && output === 'tar' ? [earlier] : await outputFiles(peerDir);
    const peer: Peer | null =
      linuxkit === undefined || theirs.length === 0
        ? recordedPeer({ output, case: kind })
        : {
            source: 'measured',
            version: linuxkit.version,
            ...figuresOf(theirs),
            bytesOut: await sizeOf(peerFiles),
          };
    return {
      output,
      case: kind,
      ...figures,
      bytesOut: await sizeOf(await outputFiles(outDir)),
      identical: digests.get(output)?.size === 1,
      peer,
      goal: goalOf({ output, case: kind }),
      ratio: peer?.source === 'measured' ? ratioOf(figures, peer) : null,
      copy: await copyOutput(),
    };
  };

  /** Every case of an output; the caches of one case are what the next one starts from. */
  return async (output: Output, cases: readonly Case[]): Promise<Measure[]> => {
    const measures: Measure[] = [];
    for (const kind of cases) measures.push(await measure(output, kind));
    return measures;
  };
};

const ratioOf = (ours: Figures, theirs: Figures): NonNullable<Measure['ratio']> => ({
  wall: ours.wallSeconds.median / theirs.wallSeconds.median,
  cpu: ours.cpuSeconds.median / theirs.cpuSeconds.median,
  memory: ours.peakRssBytes.median / theirs.peakRssBytes.median,
});
