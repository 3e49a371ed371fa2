import { entry, type ErrorEntry } from './entry.ts';

/** Of bundles and of signing them. */
export const BUNDLES = {
  BUNDLE_MALFORMED: entry(
    65,
    422,
    'A bundle is not a tar in the order that the format demands.',
    'Fetch the bundle again.',
  ),
  BUNDLE_SIGNATURE_INVALID: entry(
    65,
    422,
    'The signature of a manifest does not verify with our root.',
    'Do not install it; find out where it came from.',
  ),
  BUNDLE_SIGNER_UNTRUSTED: entry(
    65,
    422,
    'A bundle was signed by a certificate outside our tree or not made for code signing.',
    'Do not install it; find out who signed it.',
  ),
  BUNDLE_MANIFEST_INVALID: entry(
    65,
    422,
    'A signed manifest does not have the form of the format.',
    'Build and sign the release again.',
  ),
  BUNDLE_FILE_UNLISTED: entry(
    65,
    422,
    'A bundle holds a file that its manifest does not list, or lacks one.',
    'Do not install it; fetch the bundle again.',
  ),
  BUNDLE_DIGEST_MISMATCH: entry(
    65,
    422,
    'Bytes of a bundle differ from the manifest.',
    'Fetch the bundle again.',
  ),
  BUNDLE_CLASS_MISMATCH: entry(
    65,
    422,
    'A bundle is for another device class or architecture.',
    'Assign a release of the class of the device.',
  ),
  BUNDLE_COUNTER_TOO_LOW: entry(
    65,
    422,
    'A bundle is older than what the device runs.',
    'Build a new release from the older inputs; its counter is higher.',
  ),
  BUNDLE_AGENT_TOO_OLD: entry(
    65,
    422,
    'A bundle needs a newer agent.',
    'Update through an intermediate release first.',
  ),

  SIGN_INPUT_MISMATCH: entry(
    65,
    409,
    'Stored bytes of a build differ from what the builder declared.',
    'Treat the builder as compromised until explained; build again.',
  ),
  SIGN_POLICY_REFUSED: entry(
    77,
    409,
    'The signer refuses by its policy.',
    'Read the reason; it names the rule.',
  ),
  SIGNING_PROFILE_UNKNOWN: entry(
    66,
    422,
    'A class names a signing profile that is not known here.',
    'Make it by slipway keys profile create and restart the instance, or name another one in the class file.',
  ),
  SIGNING_PROFILE_CHANGED: entry(
    75,
    409,
    'A class would be signed by another profile than its devices trust.',
    'Have the present profile sign a release that also trusts the other one and roll it out first, see docs/keys.md.',
  ),
  SIGN_COUNTER_REUSED: entry(
    77,
    409,
    'The counter is not above the last one signed for the class.',
    'Start a new build.',
  ),
} as const satisfies Record<string, ErrorEntry>;
