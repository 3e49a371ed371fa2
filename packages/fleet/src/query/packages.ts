import type { ReleaseId, ReleasePackage } from '@slipway/protocol';
import { comparePackageVersions } from '@slipway/sbom/versions';
import type { PackageTest } from './ast.ts';
import { toRegExp } from './glob.ts';
import { inOrder } from './in-order.ts';

/** Releases that hold a package as a test wants it, by `packageKey`. */
export type KnownPackages = ReadonlyMap<string, readonly ReleaseId[]>;

export const packageKey = ({ field, wanted }: PackageTest): string =>
  JSON.stringify([field.type, field.name, wanted]);

/**
 * Whether a package is what a test asks for, by its own name or by that of its source, each with its version: the library
 * of `openssl` is called `libssl3t64` by Debian and `libssl3` by Alpine.
 */
export const isWanted = ({ field, wanted }: PackageTest, found: ReleasePackage): boolean =>
  (field.type === null || field.type === found.type) &&
  [found, found.source].some(({ name, version }) => {
    if (name !== field.name) return false;
    switch (wanted.kind) {
      case 'any':
        return true;
      case 'like':
        return toRegExp(wanted.pattern).test(version);
      case 'order':
        return inOrder(comparePackageVersions(found.type, version, wanted.version), wanted.order);
      default:
        return wanted satisfies never;
    }
  });
