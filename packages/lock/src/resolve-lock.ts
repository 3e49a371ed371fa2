import { nodeRuntimePin, resolvePackageSet, sideBySide } from '@slipway/components';
import { parseReference } from '@slipway/image-spec';
import { resolveImage, type Registries } from '@slipway/oci';
import { SlipwayError, type Arch } from '@slipway/protocol';
import { declaredDigest } from './declared.ts';
import type { LockInputs } from './inputs.ts';
import { EMPTY_LOCK, type Lock } from './lock-file.ts';
import { findStale } from './staleness.ts';

/** Registries asked at a time. */
const PARALLEL = 4;

export type ResolveLockOptions = {
  /** where the lock lies: its paths are relative to it */
  readonly lockDir: string;
  readonly cacheDir: string;
  /** what is kept of it; absent: everything is resolved */
  readonly previous?: Lock | undefined;
  /** what is resolved again though the previous lock knows it: all, or references and `deb:NAME` */
  readonly update?: 'all' | ReadonlySet<string> | undefined;
  readonly registries?: Registries | undefined;
  readonly offline?: boolean | undefined;
  readonly log?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** What is left of a lock of which everything is resolved again: the sets of architectures that nobody asks for now. */
const elsewhere = ({ v, debian, npm }: Lock, wanted: ReadonlyMap<Arch, LockInputs>): Lock => {
  const others = <T>(entries: Partial<Record<Arch, T>>): Partial<Record<Arch, T>> => {
    const kept = { ...entries };
    for (const arch of wanted.keys()) delete kept[arch];
    return kept;
  };
  return { v, images: {}, debian: others(debian), npm: others(npm) };
};

/**
 * Makes a lock: what the previous one says of the inputs stays, what it does not say or what is to be updated is
 * resolved now. Updating everything also drops what no input names any more.
 *
 * @param wanted inputs by architecture
 * @throws {SlipwayError} of registries and of Debian's packages; COMPONENT_NOT_FOUND if an image lacks an architecture
 */
export const resolveLock = async (
  wanted: ReadonlyMap<Arch, LockInputs>,
  options: ResolveLockOptions,
): Promise<Lock> => {
  const { lockDir, cacheDir, offline, log, signal, update, registries } = options;
  const previous = options.previous ?? EMPTY_LOCK;
  const isUpdated = (name: string): boolean => update === 'all' || update?.has(name) === true;
  const stale = [...wanted].flatMap(([arch, inputs]) => findStale(previous, inputs, arch));
  const isDue = (name: string, arch: Arch): boolean =>
    isUpdated(name) || stale.some((item) => item.name === name && item.arch === arch);
  const lock: Lock = structuredClone(update === 'all' ? elsewhere(previous, wanted) : previous);
  // Lists that are older than this run would show an update what the last one saw.
  const listsSince = update === undefined ? undefined : Date.now();

  const images = new Map<string, Arch[]>();
  for (const [arch, inputs] of wanted)
    for (const name of inputs.images) images.set(name, [...(images.get(name) ?? []), arch]);
  const lockImage = async (name: string, arches: readonly Arch[]): Promise<void> => {
    const reference = parseReference(name);
    if (reference.type === 'deb' || reference.type === 'dockerfile')
      throw new TypeError(`${name} is no image`);
    log?.(`resolving ${name}`);
    const { digest, platforms } = await resolveImage(reference, {
      baseDir: lockDir,
      cacheDir,
      offline,
      registries,
      log,
      signal,
    });
    for (const arch of arches)
      if (platforms[arch] === undefined)
        throw new SlipwayError(
          'COMPONENT_NOT_FOUND',
          `${name}: expected an image for ${arch}, found ${Object.keys(platforms).join(', ') || 'none'}; choose another tag or leave the architecture out`,
          { details: { component: name, arch } },
        );
    lock.images[name] = { digest, platforms: { ...platforms } };
  };
  const due = [...images].filter(([name, arches]) => arches.some((arch) => isDue(name, arch)));
  await sideBySide(due, PARALLEL, async ([name, arches]) => {
    signal?.throwIfAborted();
    await lockImage(name, arches);
  });

  for (const [arch, inputs] of wanted) {
    const sets = { ...lock.debian[arch] };
    for (const [set, declared] of inputs.packages) {
      if (!isDue(`deb:${set}`, arch)) continue;
      signal?.throwIfAborted();
      log?.(`resolving deb:${set} for ${arch}`);
      const { sources, packages } = await resolvePackageSet(declared, arch, {
        cacheDir,
        baseDir: lockDir,
        offline,
        log,
        listsSince,
      });
      sets[set] = {
        declared: declaredDigest(declared),
        sources: sources.map((source) => ({
          ...source,
          suites: { ...source.suites },
          components: [...source.components],
        })),
        packages: [...packages],
      };
    }
    if (Object.keys(sets).length > 0) lock.debian[arch] = sets;
    if (inputs.npm) {
      const { name, version, integrity } = nodeRuntimePin(arch);
      lock.npm[arch] = { [name]: { version, integrity } };
    }
  }
  return lock;
};
