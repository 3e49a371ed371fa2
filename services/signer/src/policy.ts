import { type ClassFile, parseClassFile } from '@slipway/image-spec';
import type { BuildRequest, BuildResult } from '@slipway/protocol';
import { SlipwayError } from '@slipway/protocol';
import { rootHashesOf, type UkiFacts } from './uki.ts';

const refuse = (rule: string, expected: unknown, found: unknown): SlipwayError =>
  new SlipwayError(
    'SIGN_POLICY_REFUSED',
    `${rule}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}. Build again.`,
    { details: { rule, expected, found } },
  );

/**
 * What was built is what was asked for.
 *
 * @returns the class that was asked for
 * @throws {SlipwayError} SIGN_POLICY_REFUSED, with the rule in its details
 */
export const assertAsked = (request: BuildRequest, result: BuildResult): ClassFile => {
  for (const key of ['build', 'release', 'version', 'counter', 'deviceClass', 'timeFloor'] as const) {
    if (result[key] !== request[key])
      throw refuse(`${key} is that of the request`, request[key], result[key]);
  }
  const asked = parseClassFile(request.classFile.text, request.classFile.name);
  if (asked.name !== request.deviceClass)
    throw refuse('the class file is that of the class', request.deviceClass, asked.name);
  if (asked.arch !== result.arch) throw refuse('arch is that of the class', asked.arch, result.arch);
  return asked;
};

/**
 * The kernel is for the class's machine and will boot this root and no other.
 *
 * @throws {SlipwayError} SIGN_POLICY_REFUSED
 */
export const assertBoots = (uki: UkiFacts, result: BuildResult): void => {
  if (uki.arch !== result.arch) throw refuse('the UKI is for the architecture', result.arch, uki.arch);
  const hashes = rootHashesOf(uki.commandLine);
  if (hashes.length !== 1 || hashes[0] !== result.rootHash) {
    throw refuse('the command line in the UKI names the root hash once', [result.rootHash], hashes);
  }
};
