import { compareVersions } from '@slipway/protocol';

/**
 * The order of Go modules: semantic versions after a `v`, which may be left out; pseudo-versions
 * (`v0.0.0-20240102030405-abcdef012345`) are in it by their time, and `+incompatible` says nothing. Releases of Go itself
 * are written apart: `1.23rc1`. A program's own module, `(devel)`, has no version and is before all that do.
 */
export const compareGo = (a: string, b: string): number => {
  const [one, other] = [semanticOf(a), semanticOf(b)];
  if (one === undefined || other === undefined)
    return Number(one !== undefined) - Number(other !== undefined);
  return compareVersions(one, other);
};

const semanticOf = (version: string): string | undefined => {
  const plain = version.replace(/^(?:v|go)/, '');
  if (!/^\d/.test(plain)) return undefined;
  return plain.replace(/^(\d+(?:\.\d+)*)(alpha|beta|rc)(\d+)/, '$1-$2.$3');
};
