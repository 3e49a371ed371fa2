import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import { indexRelease, type Database } from '@slipway/fleet';
import { ReleaseId, type PackageType, type ReleasePackage } from '@slipway/protocol';
import { askSql } from '../queries/ask-sql.ts';

export const CLASSES = 8;
const classOf = (n: string): string => `'class-' || (${n}) % ${CLASSES}`;
const releaseId = (n: string): string => `'rel_' || lpad((${n})::text, 16, '0')`;

/** Of these, in turn, is a package what it is; the first ones have names that people ask for. */
const TYPES: readonly PackageType[] = ['deb', 'deb', 'deb', 'npm', 'golang', 'deb', 'apk', 'npm'];

const nameOf = (type: PackageType, at: number): string => {
  switch (type) {
    case 'npm':
      return at % 3 === 0 ? `@scope/module-${at}` : `module-${at}`;
    case 'golang':
      return `github.com/owner-${at % 40}/module-${at}`;
    case 'deb':
    case 'apk':
    case 'oci':
    case 'generic':
      return `lib-${at}`;
    default:
      return type satisfies never;
  }
};

const versionOf = (type: PackageType, patch: number): string => {
  const core = `3.${Math.floor(patch / 10)}.${patch % 10}`;
  switch (type) {
    case 'deb':
      return `${core}-1~deb13u${(patch % 3) + 1}`;
    case 'apk':
      return `${core}-r${patch % 4}`;
    case 'golang':
      return `v${core}`;
    case 'npm':
    case 'oci':
    case 'generic':
      return core;
    default:
      return type satisfies never;
  }
};

/** What is in release number n: from one release of a class to the next a sixth of the packages are new versions. */
export const contentsOf = (release: number, count: number): ReleasePackage[] => {
  const generation = Math.floor(release / CLASSES);
  const openssl = `3.5.${Math.min(10, Math.floor(generation / 2))}-1`;
  const named: ReleasePackage[] = ['openssl', 'libssl3t64'].map((name) => ({
    type: 'deb',
    name,
    version: openssl,
    source: { name: 'openssl', version: openssl },
  }));
  const others = Array.from({ length: count - named.length }, (_, at): ReleasePackage => {
    const type = TYPES[at % TYPES.length] ?? 'deb';
    const [name, version] = [nameOf(type, at), versionOf(type, Math.floor((generation + at) / 6))];
    const isLibrary = type === 'deb' && at % 4 === 1;
    return { type, name, version, source: { name: isLibrary ? `source-${at}` : name, version } };
  });
  return [...named, ...others];
};

/**
 * Releases with what is in them, and devices that run them: most the newer ones, some every one of the others.
 *
 * @returns milliseconds that it took to keep the contents of each release
 */
export const fillField = async (
  db: Database,
  count: { readonly devices: number; readonly releases: number; readonly packages: number },
): Promise<number[]> => {
  const run = (statement: string) => askSql(db, z.unknown(), statement);
  const series = `from generate_series(0, ${count.releases - 1}) as row(n)`;
  await run(`insert into builds (id, release, device_class, version, counter, state, finished_at)
    select 'bld_' || lpad(n::text, 16, '0'), ${releaseId('n')}, ${classOf('n')}, '1.' || n / ${CLASSES} || '.0', n / ${CLASSES} + 1, 'succeeded', now() ${series}`);
  await run(`insert into releases (id, build, device_class, arch, version, counter, state, root_hash, bundle_digest, bundle_size)
    select ${releaseId('n')}, 'bld_' || lpad(n::text, 16, '0'), ${classOf('n')}, 'arm64', '1.' || n / ${CLASSES} || '.0', n / ${CLASSES} + 1,
      'published', md5(n::text) || md5(n::text), 'sha256:' || md5(n::text) || md5('b' || n), 48000000 ${series}`);
  const times: number[] = [];
  for (let n = 0; n < count.releases; n += 1) {
    const start = performance.now();
    await indexRelease(
      db,
      ReleaseId.parse(`rel_${String(n).padStart(16, '0')}`),
      contentsOf(n, count.packages),
    );
    times.push(performance.now() - start);
  }
  // Device n is of class n % 8; half of a class is on its last three releases.
  const last = Math.floor(count.releases / CLASSES) - 1;
  const generation = `case when n / ${CLASSES} % 2 = 0 then ${last} - n / ${CLASSES * 2} % 3 else n / ${CLASSES * 2} % ${last + 1} end`;
  await run(`insert into devices (id, device_class, arch, release, version, online, health, active_slot, slots, services, telemetry, last_seen_at)
    select 'dev-' || lpad(n::text, 8, '0'), ${classOf('n')}, 'arm64', ${releaseId(`(${generation}) * ${CLASSES} + n % ${CLASSES}`)},
      '1.' || (${generation}) || '.0', n % 20 <> 3, 'ok', 'a', '{"a":{"state":"GOOD"},"b":{"state":"GOOD"}}',
      '[{"name":"web","state":"running","starts":1},{"name":"db","state":"running","starts":1}]',
      jsonb_build_object('v', 1, 'bootId', md5(n::text), 'uptime', n, 'health', 'ok', 'services', '[]'::jsonb,
        'memoryAvailable', 200000000 + n, 'memoryTotal', 512000000, 'load1', 0.5, 'diskFree', 1000000000, 'temperature', 40),
      now() from generate_series(0, ${count.devices - 1}) as row(n)`);
  await run('analyze');
  return times;
};
