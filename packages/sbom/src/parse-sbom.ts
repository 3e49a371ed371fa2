import { invalid } from './parse-common.ts';
import { parseCycloneDx } from './parse-cyclonedx.ts';
import { parseSpdx } from './parse-spdx.ts';
import type { Sbom } from './sbom.ts';

/**
 * Reads a CycloneDX 1.x or SPDX 2.x document in JSON, of Slipway or of another tool.
 *
 * @throws {SlipwayError} SBOM_INVALID
 */
export const parseSbom = (bytes: Uint8Array): Sbom => {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalid('no JSON', error);
  }
  if (typeof value === 'object' && value !== null) {
    if ('bomFormat' in value) return parseCycloneDx(value);
    if ('spdxVersion' in value) return parseSpdx(value);
  }
  throw invalid('JSON with neither bomFormat nor spdxVersion');
};
