import { readContent, type DockerfileBuilds, type Piece } from '@slipway/components';
import { usingCache } from '@slipway/components/cache';
import { mkdir, rename } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  inputsOf,
  makeCycloneDx,
  makeNotices,
  makeProvenance,
  type ProvenanceInput,
  uuidOf,
} from '@slipway/sbom';
import {
  formatSpec,
  namesDisk,
  parseClassImage,
  requireKernel,
  type ClassFile,
  type ImageFile,
} from '@slipway/image-spec';
import { applyLock, LOCK_FILE, readLock, type LockedComponents } from '@slipway/lock';
import {
  CONTENTS_NAME,
  SBOM_NAME,
  SlipwayError,
  efiNames,
  type AgentRuntime,
  type ArtifactName,
  type BuildRequest,
  type BuildResult,
  Digest,
  type JobProgress,
  type OutputFormat,
} from '@slipway/protocol';
import { raspberryPiFiles, RPI_CONSOLE } from './boot/raspberry-pi.ts';
import { makeDisk } from './disk.ts';
import { writeDiskArtifacts } from './outputs/disk/disk-artifacts.ts';
import { diskOrder } from './disk-order.ts';
import { usualDrivers } from './drivers.ts';
import { erofsVersion } from './erofs.ts';
import { espFiles, trybootEspFiles, uBootEspFiles } from './esp.ts';
import { initramfsTree, makeInitramfs } from './initramfs.ts';
import { chooseInitramfsModules } from './initramfs-modules.ts';
import { kernelCommandLine, kernelFile } from './kernel.ts';
import { writePieces, type WrittenFile } from './outputs/write-file.ts';
import { resolveParts, type Parts } from './parts.ts';
import { fileAt } from './resolve-path.ts';
import { resolvedComponents } from './resolved-components.ts';
import { writeRootImage } from './root-image.ts';
import { makeRootTree } from './root-tree.ts';
import { createSharedWork, type SharedWork } from './shared-work.ts';
import { distinctOrigins } from './distinct-origins.ts';
import { dockerfileBases, dockerfileInputs, dockerfileParameters } from './describe/dockerfile-facts.ts';
import { describeComponents, makeSbomModel } from './describe/component-sbom.ts';
import { makeContents } from './describe/image-contents.ts';
import { ukiContents } from './describe/uki-contents.ts';
import { needsNode, systemPackages } from './system-packages.ts';
import { needSignedModules } from './signed-modules.ts';
import { TOOL_VERSION } from './tool-version.ts';
import { makeUki } from './uki.ts';

export type BuildOptions = {
  readonly request: BuildRequest;
  /** of the exact bytes of the request */
  readonly requestDigest: Digest;
  /** the image repository, which sources and OCI layouts are relative to */
  readonly sourceDir: string;
  readonly cacheDir: string;
  /** scratch, on the same file system as `outDir`, without files of builds before */
  readonly workDir: string;
  readonly outDir: string;
  /** who builds, and the how manieth time: for the provenance */
  readonly run?: ProvenanceInput['run'];
  /** the agent as one JavaScript file for each of its runtimes; needed is the one that the image file asks for */
  readonly agentBundles?: Partial<Readonly<Record<AgentRuntime, Uint8Array>>>;
  /** absent: commands of Dockerfiles may not run here */
  readonly dockerfileBuilds?: DockerfileBuilds | undefined;
  readonly progress: (progress: JobProgress) => void;
  readonly log: (line: string) => void;
  /** with builds of other classes of the same repository; absent: this one is alone */
  readonly shared?: SharedWork | undefined;
  /** whether the same root may be asked for again, which a server never does: its releases have names */
  readonly keepsRoot?: boolean | undefined;
  /**
   * whether the disk is written in each format that the class names, as another artifact. Not for Secure Boot: those are
   * made of the disk that the signer signs.
   */
  readonly keepsFormats?: boolean | undefined;
  /** absent: the build worker of a server; `local`: whoever builds here */
  readonly builder?: 'local' | undefined;
  /** nothing may be fetched */
  readonly offline?: boolean | undefined;
};

/** Who says how a release was made: the build worker of a server. */
const SERVER_BUILDER = 'urn:slipway:builder:server';

const named = ({ name, text }: { readonly name: string; readonly text: string }) => ({
  name,
  digest: Digest.parse(`sha256:${createHash('sha256').update(text).digest('hex')}`),
});

/** What the lock file of the image repository says, if it has one: then it must say everything. */
const lockedParts = async (
  spec: ImageFile,
  arch: ClassFile['arch'],
  sourceDir: string,
): Promise<Partial<LockedComponents>> => {
  const lock = await readLock(join(sourceDir, LOCK_FILE), LOCK_FILE);
  if (lock === undefined) return {};
  const own = {
    packages: systemPackages(spec),
    npm: needsNode(spec),
    bases: await dockerfileBases(spec, { arch, baseDir: sourceDir }),
  };
  return applyLock(lock, spec, { arch, baseDir: sourceDir, lockDir: sourceDir, file: LOCK_FILE, own });
};

/**
 * Builds an image: resolves its components and writes `root.img`, `uki.efi`, `sbom.cdx.json`, `contents.jsonl.gz`, `provenance.json` and, if the class asks for
 * them, disks into `outDir`, each under a temporary name first. The same request gives the same bytes.
 *
 * @throws {SlipwayError} of the specification, of components, LOCK_INVALID, LOCK_STALE, ROOT_TOO_LARGE, TOOL_MISSING, TOOL_FAILED, BUILD_FAILED
 */
export const buildImage = (options: BuildOptions): Promise<BuildResult> =>
  usingCache(options.cacheDir, () => build(options));

const build = async (options: BuildOptions): Promise<BuildResult> => {
  const { request, log, progress } = options;
  progress({ step: 'reading image and class file', percent: 0 });
  const { deviceClass: asked, spec } = parseClassImage(request);
  const deviceClass = { ...asked, outputs: [...(request.outputs ?? asked.outputs)] };
  if (deviceClass.name !== request.deviceClass)
    throw new SlipwayError(
      'SPEC_INVALID',
      `${request.classFile.name}: expected the class ${request.deviceClass}, found ${deviceClass.name}`,
    );
  progress({ step: 'resolving components', percent: 5 });
  const { sourceDir, cacheDir } = options;
  const { arch } = deviceClass;
  const locked = await lockedParts(spec, arch, sourceDir);
  const shared = options.shared ?? createSharedWork();
  const parts = await resolveParts({
    arch,
    spec,
    sourceDir,
    cacheDir,
    log,
    shared,
    offline: options.offline,
    dockerfileBuilds: options.dockerfileBuilds,
    stepped: (ref, step) => progress({ step: `${ref}: ${step}`, percent: 5 }),
    fetched: (ref, done, total) => progress({ step: `fetching ${ref}`, percent: 5, bytes: { done, total } }),
    ...locked,
  });
  return await assembleImage({ ...options, shared }, deviceClass, spec, parts);
};

/** The part of a build that needs no network: from resolved components to artifacts. */
export const assembleImage = async (
  options: BuildOptions,
  deviceClass: ClassFile,
  spec: ImageFile,
  parts: Parts,
): Promise<BuildResult> => {
  const { request, requestDigest, workDir, outDir, sourceDir, cacheDir, progress, log } = options;
  const { shared = createSharedWork() } = options;
  const { digestOf } = shared;
  const { arch } = deviceClass;
  const kernel = requireKernel(spec, request.imageFiles.at(-1)?.name ?? request.classFile.name);
  const efi = efiNames(arch);
  const agentBundle = spec.agent.enabled ? options.agentBundles?.[spec.agent.runtime] : undefined;
  if (spec.agent.enabled && agentBundle === undefined)
    throw new SlipwayError(
      'CONFIG_INVALID',
      `expected the agent as a bundle for ${spec.agent.runtime}, which the image file asks for; put ${spec.agent.runtime}.mjs into the folder SLIPWAY_AGENT_BUNDLES, or say agent.enabled: false in the image file`,
      { details: { runtime: spec.agent.runtime } },
    );

  progress({ step: 'assembling the root', percent: 40 });
  await mkdir(workDir, { recursive: true });
  await mkdir(outDir, { recursive: true });
  const usual = usualDrivers(deviceClass.board);
  const withDisk = namesDisk(deviceClass);
  const board = withDisk && deviceClass.board === 'rpi' ? raspberryPiFiles(parts.kernel.tree) : undefined;
  const own = [kernel.cmdline, deviceClass.cmdline];
  const areSigned = needSignedModules(parts.kernel.tree, deviceClass.secureBoot, own.join(' '));
  const modules = shared.modulesOf(parts.kernel.tree, areSigned);
  const initramfsModules = await chooseInitramfsModules(modules, deviceClass.drivers, usual);
  const components = [
    parts.kernel,
    parts.boot,
    ...parts.system,
    ...parts.init,
    ...parts.containers.map(({ component }) => component),
  ];
  const { described, notices } = await shared.described(components, async () => {
    const found = await describeComponents(components, cacheDir, log);
    return { described: found, notices: makeNotices(found.notices) };
  });
  const sbom = makeSbomModel(
    { name: deviceClass.name, version: request.version, arch, release: request.release },
    request.timeFloor,
    TOOL_VERSION,
    described,
  );
  const tree = await makeRootTree({
    notices,
    arch,
    request,
    spec,
    parts,
    modules,
    // What is in a list that may not be loaded is in the root, too.
    loadedModules: [...initramfsModules.evidence, ...initramfsModules.hash, ...initramfsModules.first],
    drivers: deviceClass.drivers === undefined ? usual.network : [],
    agentBundle,
    bootLoader: deviceClass.bootLoader,
    sourceDir,
    digestOf,
  });

  const artifacts: BuildResult['artifacts'] = [];
  const formats: OutputFormat[] = [];
  const write = async (name: ArtifactName, pieces: Iterable<Piece>): Promise<WrittenFile> => {
    const written = await writePieces(join(workDir, name), pieces);
    artifacts.push({ name, ...written });
    return written;
  };

  progress({ step: 'writing the root', percent: 50 });
  const rootImage = join(workDir, 'root.img');
  const uuid = uuidOf(`root ${deviceClass.name}`);
  const root = await writeRootImage(diskOrder(tree), {
    image: rootImage,
    uuid,
    seconds: request.timeFloor,
    kept:
      options.keepsRoot === true
        ? {
            cacheDir,
            program: await shared.program('mkfs.erofs', erofsVersion),
            deviceClass: deviceClass.name,
            log,
          }
        : undefined,
    digestOf,
  });
  log(`root: ${tree.size} entries, ${root.size} bytes, root hash ${root.rootHash}`);
  if (root.size > deviceClass.partitions.root)
    throw new SlipwayError(
      'ROOT_TOO_LARGE',
      `expected a root of at most ${deviceClass.partitions.root} bytes (partitions.root of ${deviceClass.name}), found ${root.size}; raise partitions.root in ${request.classFile.name} or remove components`,
      { details: { limit: deviceClass.partitions.root, size: root.size } },
    );

  progress({ step: 'making the UKI', percent: 65 });
  const efiFile = (name: string) => {
    const file = fileAt(parts.boot.tree, `usr/lib/systemd/boot/efi/${name}`);
    if (file === undefined)
      throw new SlipwayError(
        'COMPONENT_INVALID',
        `expected ${name} in the package systemd-boot-efi for ${arch}`,
      );
    return file;
  };
  const isSilent = !own.some((text) => /(?:^|\s)console=/.test(text));
  const cmdlines = deviceClass.board === 'rpi' && isSilent ? [RPI_CONSOLE, ...own] : own;
  const commandLine = kernelCommandLine(arch, root, cmdlines, areSigned);
  const initramfs = initramfsTree(arch, initramfsModules);
  const linux = kernelFile(parts.kernel.tree, kernel.binary, kernel.image);
  const stub = efiFile(efi.stub);
  const initrd = await makeInitramfs(initramfs, { cacheDir, once: shared.initramfs });
  const uki = makeUki({
    stub: readContent(stub.content),
    kernel: linux.content,
    kernelRelease: modules.release,
    initrd,
    commandLine,
    deviceClass: deviceClass.name,
    version: request.version,
  });
  const ukiFile = await write('uki.efi', uki);
  artifacts.push({ name: 'root.img', size: root.size, digest: root.digest });
  log(`uki: ${ukiFile.size} bytes, of which initramfs ${initrd.length}, kernel ${modules.release}`);

  await write(SBOM_NAME, [Buffer.from(makeCycloneDx(sbom))]);
  const containers = parts.containers.map(({ component }) => component);
  // What a package is in the image for, it is for the system first; of what starts it there is the stub.
  const inImage = [...parts.system, parts.kernel, ...parts.init, ...containers, parts.boot];
  const listed = new Map([...tree, ...ukiContents({ stub, kernel: linux, initramfs, commandLine })]);
  const places = new Map(
    parts.containers.map(({ section, index, component }) => [`${section}[${index}]`, component.ref]),
  );
  await write(CONTENTS_NAME, [makeContents(listed, inImage, formatSpec(spec, 'yaml'), places, digestOf)]);

  const origins = distinctOrigins(components.flatMap((component) => component.origins));
  if (withDisk) {
    progress({ step: 'writing the disk', percent: 75 });
    const slot = { file: join(workDir, 'uki.efi'), offset: 0, size: ukiFile.size };
    const disk = await makeDisk({
      path: join(workDir, 'disk.img'),
      arch,
      deviceClass: deviceClass.name,
      sizes: deviceClass.partitions,
      bootFiles: board?.boot,
      espFiles:
        board !== undefined
          ? trybootEspFiles(slot, board.first)
          : deviceClass.bootLoader === 'u-boot'
            ? uBootEspFiles(arch, slot)
            : espFiles({ path: efi.firstFile, content: efiFile(efi.loader).content }, slot),
      root: { file: rootImage, size: root.size },
      time: request.timeFloor,
    });
    artifacts.push({ name: 'disk.img', ...disk });
    formats.push('disk');
    const others =
      options.keepsFormats !== true || deviceClass.secureBoot
        ? []
        : await writeDiskArtifacts({
            disk: join(workDir, 'disk.img'),
            digest: disk.digest,
            formats: deviceClass.outputs,
            deviceClass: deviceClass.name,
            pathOf: (name) => join(workDir, name),
            progress: (format, bytes) => progress({ step: `writing ${format}`, percent: 85, bytes }),
          });
    for (const { format, ...artifact } of others) {
      artifacts.push(artifact);
      formats.push(format);
    }
  }

  const provenance = makeProvenance({
    outputs: artifacts.map(({ name, digest }) => ({ name, digest })),
    arch,
    formats,
    imageFiles: request.imageFiles.map(named),
    classFile: named(request.classFile),
    parameters: {
      version: request.version,
      counter: request.counter,
      release: request.release,
      ...(request.source === undefined ? {} : { source: request.source }),
      ...(request.cause === undefined ? {} : { trigger: request.cause }),
      ...(request.variables === undefined ? {} : { variables: request.variables }),
    },
    internalParameters: {
      ...(request.inputDigest === undefined ? {} : { inputDigest: request.inputDigest }),
      ...dockerfileParameters(components),
    },
    inputs: [
      ...inputsOf(sbom),
      ...origins.map(({ purl, name, digest }) => ({ uri: purl, name, digest })),
      ...dockerfileInputs(components),
    ],
    ...(options.builder === 'local' ? {} : { builder: { id: SERVER_BUILDER } }),
    run: options.run,
    toolVersion: TOOL_VERSION,
  });
  await write('provenance.json', [Buffer.from(provenance)]);
  for (const { name } of artifacts) await rename(join(workDir, name), join(outDir, name));
  progress({ step: 'done', percent: 100 });
  return {
    v: 1,
    build: request.build,
    release: request.release,
    version: request.version,
    counter: request.counter,
    deviceClass: request.deviceClass,
    arch,
    timeFloor: request.timeFloor,
    rootHash: root.rootHash,
    verityDataBlocks: root.dataBlocks,
    artifacts,
    request: requestDigest,
    components: origins.map(({ name, version, purl }) => ({ name, version, purl })),
    resolved: resolvedComponents(components),
  };
};
