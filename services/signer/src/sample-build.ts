import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BuildId, BuildRequest, BuildResult, Digest, ReleaseId, RootHash } from '@slipway/protocol';

/** A build as a builder leaves it, small but true: a PE image with a command line, a root with its tree. For tests. */
export type Sample = {
  readonly buildId: BuildId;
  readonly folder: string;
  readonly request: BuildRequest;
  readonly result: BuildResult;
};

export const digestText = (bytes: Uint8Array): Digest =>
  Digest.parse(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);

/** Headers and one section, all that a reader of the command line looks at. */
export const peWith = (commandLine: string, machine = 0x8664, sections = ['.cmdline']): Buffer => {
  const image = Buffer.alloc(4096);
  image.write('MZ');
  image.writeUInt32LE(0x80, 0x3c);
  image.write('PE\0\0', 0x80);
  image.writeUInt16LE(machine, 0x84);
  image.writeUInt16LE(sections.length, 0x86);
  image.writeUInt16LE(0xf0, 0x94);
  // A 64-bit image with a place for a signature.
  image.writeUInt16LE(0x20b, 0x98);
  image.writeUInt32LE(1024, 0x98 + 60);
  image.writeUInt32LE(16, 0x98 + 108);
  for (const [at, name] of sections.entries()) {
    const entry = 0x80 + 24 + 0xf0 + at * 40;
    image.write(name, entry);
    image.writeUInt32LE(commandLine.length, entry + 8);
    image.writeUInt32LE(1024, entry + 20);
  }
  image.write(commandLine, 1024);
  return image;
};

const BLOCK = 4096;

/** A root image with its dm-verity tree, made by veritysetup. */
const makeRoot = (path: string, dataBlocks: number): RootHash => {
  writeFileSync(path, Buffer.alloc(dataBlocks * BLOCK, 'data'));
  const said = execFileSync(
    'veritysetup',
    [
      'format',
      '--no-superblock',
      '--salt=-',
      '--hash=sha256',
      `--data-blocks=${dataBlocks}`,
      `--hash-offset=${dataBlocks * BLOCK}`,
      path,
      path,
    ],
    { encoding: 'utf8', env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` } },
  );
  return RootHash.parse(/Root hash:\s*([0-9a-f]{64})/.exec(said)?.[1]);
};

const id = (prefix: string, number: number): string => `${prefix}_${String(number).padStart(16, '0')}`;

/** Declares again what lies in the folder, as a builder that believes itself would. */
export const declare = (sample: Sample, change: Partial<BuildResult> = {}): BuildResult => {
  const artifacts = (['uki.efi', 'root.img', 'sbom.cdx.json', 'disk.img'] as const).flatMap((name) => {
    const path = join(sample.folder, name);
    if (!existsSync(path)) return [];
    return [{ name, size: statSync(path).size, digest: digestText(readFileSync(path)) }];
  });
  const result = BuildResult.parse({ ...sample.result, artifacts, ...change });
  writeFileSync(join(sample.folder, 'result.json'), JSON.stringify(result));
  return result;
};

export const makeSample = (
  storeDir: string,
  number: number,
  options: {
    /** PEM: whom the image trusts */
    releaseRoot: string;
    counter?: number;
    dataBlocks?: number;
    secureBoot?: boolean;
    outputs?: string;
    signing?: string;
  },
): Sample => {
  const buildId = BuildId.parse(id('bld', number));
  const folder = join(storeDir, 'builds', buildId);
  mkdirSync(folder, { recursive: true });
  const dataBlocks = options.dataBlocks ?? 300;
  const rootHash = makeRoot(join(folder, 'root.img'), dataBlocks);
  writeFileSync(join(folder, 'uki.efi'), peWith(`console=ttyS0 slipway.roothash=${rootHash} panic=1`));
  writeFileSync(
    join(folder, 'sbom.cdx.json'),
    JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6' }),
  );
  writeFileSync(join(folder, 'disk.img'), 'disk');
  const base = {
    v: 1 as const,
    build: buildId,
    release: ReleaseId.parse(id('rel', number)),
    version: '1.0.0',
    counter: options.counter ?? number,
    deviceClass: 'edge-x86',
    timeFloor: 1_700_000_000,
  };
  const request = BuildRequest.parse({
    ...base,
    classFile: {
      name: 'classes/edge-x86.yml',
      text: `name: edge-x86\narch: amd64\nimages: [../edge.yml]\nsecureBoot: ${options.secureBoot === true}\noutputs: [${options.outputs ?? 'disk'}]\nsigning: ${options.signing ?? 'default'}\n`,
    },
    imageFiles: [{ name: 'edge.yml', text: '' }],
    deployment: { enrolUrl: 'https://10.0.2.2:1/v1/enrol', serverCa: 'x', releaseRoot: options.releaseRoot },
  });
  const bytes = Buffer.from(JSON.stringify(request));
  writeFileSync(join(folder, 'request.json'), bytes);
  const result = BuildResult.parse({
    ...base,
    arch: 'amd64',
    rootHash,
    verityDataBlocks: dataBlocks,
    artifacts: [],
    request: digestText(bytes),
    components: [],
  });
  const sample = { buildId, folder, request, result };
  return { ...sample, result: declare(sample) };
};
