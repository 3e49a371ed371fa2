import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isDiskFormat, type DiskFormat } from '@slipway/image/formats';
import type { ClassFile } from '@slipway/image-spec';
import { messageOf, SlipwayError, type BuildRequest, type BuildResult, type Digest } from '@slipway/protocol';
import type { Context } from '../context.ts';
import type { ClassOptions } from './class-options.ts';

/** Made of what a build of a class makes. */
export type ClassFormat = DiskFormat | 'bundle';

export type ClassOutput = {
  readonly format: ClassFormat;
  /** in the folder of the class */
  readonly name: string;
  readonly size: number;
  readonly digest: Digest;
};

/** PEM. */
type Signer = { readonly leafKeyPem: string; readonly leafCertPem: string; readonly chainPem: string };

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const isClassFormat = (format: string): format is ClassFormat => format === 'bundle' || isDiskFormat(format);

/** @throws {SlipwayError} OUTPUT_UNSUPPORTED */
export const parseClassFormats = (formats: readonly string[]): readonly ClassFormat[] =>
  formats.map((format) => {
    if (isClassFormat(format)) return format;
    throw new SlipwayError(
      'OUTPUT_UNSUPPORTED',
      `expected a format of device classes (bundle, or a disk such as qcow2-efi), found ${JSON.stringify(format)}; other formats are of image files: name them instead of --class`,
      { details: { format } },
    );
  });

/** What its file names; `disk` is made by the build itself. */
export const formatsOfClass = ({ outputs }: Pick<ClassFile, 'outputs'>): readonly ClassFormat[] =>
  [...new Set(outputs)].filter((output) => output !== 'disk');

const readPem = async ({ cwd }: Pick<Context, 'cwd'>, option: string, file: string): Promise<string> =>
  readFile(resolve(cwd, file), 'utf8').catch((cause: unknown) => {
    throw new SlipwayError('NOT_FOUND', `${option} ${file} cannot be read: ${messageOf(cause)}`, { cause });
  });

/**
 * Key and certificates that bundles are signed with; undefined where none are asked for.
 *
 * @throws {SlipwayError} USAGE, NOT_FOUND, CONFIG_INVALID for those that do not belong together
 */
export const bundleSigner = async (
  context: Pick<Context, 'cwd'>,
  formats: readonly ClassFormat[],
  { signKey, signCert }: Pick<ClassOptions, 'signKey' | 'signCert'>,
): Promise<Signer | undefined> => {
  if (!formats.includes('bundle')) {
    if (signKey === undefined && signCert === undefined) return undefined;
    throw new SlipwayError(
      'USAGE',
      '--sign-key and --sign-cert sign bundles: ask for one by --format bundle, or name it under outputs of the class file.',
    );
  }
  if (signKey === undefined || signCert === undefined)
    throw new SlipwayError(
      'USAGE',
      'A bundle is asked for, and it is signed: name the key by --sign-key, and by --sign-cert its certificate, with those between it and the root of the devices behind it; or say by --format what to make instead.',
    );
  const leafKeyPem = await readPem(context, '--sign-key', signKey);
  const [leafCertPem, ...chain] = (await readPem(context, '--sign-cert', signCert)).match(CERTIFICATE) ?? [];
  if (leafCertPem === undefined)
    throw new SlipwayError('CONFIG_INVALID', `${signCert}: expected certificates in PEM, found none`);
  assertBelongs(leafKeyPem, leafCertPem, signKey, signCert);
  return { leafKeyPem, leafCertPem, chainPem: chain.join('\n') };
};

const assertBelongs = (keyPem: string, certificatePem: string, keyFile: string, certFile: string): void => {
  const refuse = (why: string, cause?: unknown): never => {
    throw new SlipwayError('CONFIG_INVALID', why, { cause });
  };
  let key;
  try {
    key = createPrivateKey(keyPem);
  } catch (cause) {
    return refuse(`${keyFile}: expected a private key in PEM without passphrase`, cause);
  }
  if (key.asymmetricKeyType !== 'rsa')
    refuse(`${keyFile}: expected an RSA key, as devices verify it, found ${key.asymmetricKeyType}`);
  if (!new X509Certificate(certificatePem).checkPrivateKey(key))
    refuse(`${keyFile} is not the key of the first certificate in ${certFile}`);
};

/** That devices which run the image would take the bundle. */
const refuseStranger = async (name: string, bundle: string, releaseRootPem: string): Promise<void> => {
  const { verifyClaims } = await import('@slipway/bundle');
  await verifyClaims(bundle, { releaseRootPem }).catch((cause: unknown) => {
    throw new SlipwayError(
      'KEY_MISMATCH',
      `the image of ${name} does not trust what --sign-cert signs: ${messageOf(cause)} Sign it by the signing profile of the class, or give the root that belongs to the key by --release-root.`,
      { cause },
    );
  });
};

/**
 * Writes disks and bundle of a class into the folder of its build.
 *
 * @throws {SlipwayError} OUTPUT_UNSUPPORTED, KEY_MISMATCH, and of writing
 */
export const writeClassOutputs = async (
  folder: string,
  result: BuildResult,
  formats: readonly ClassFormat[],
  signer: Signer | undefined,
  /** whom the image trusts; undefined: it has no agent that would ask */
  trusted?: Pick<BuildRequest['deployment'], 'releaseRoot'>,
): Promise<ClassOutput[]> => {
  const outputs: ClassOutput[] = [];
  const disks = formats.filter(isDiskFormat);
  if (disks.length > 0) {
    if (!result.artifacts.some(({ name }) => name === 'disk.img'))
      throw new SlipwayError(
        'OUTPUT_UNSUPPORTED',
        `expected a disk of ${result.deviceClass} for ${disks.join(', ')}, and the class makes none; name it under outputs in its file`,
      );
    const { convertDisk, readSparseDisk } = await import('@slipway/image');
    const disk = await readSparseDisk(join(folder, 'disk.img'));
    for (const format of disks)
      if (format !== 'raw-efi')
        outputs.push({ format, ...(await convertDisk(format, disk, folder, result.deviceClass)) });
  }
  if (signer !== undefined && formats.includes('bundle')) {
    const { signBundle } = await import('@slipway/bundle');
    const name = `${result.deviceClass}.bundle.tar`;
    const file = join(folder, name);
    const signed = await signBundle(folder, signer, file);
    if (trusted !== undefined) await refuseStranger(result.deviceClass, file, trusted.releaseRoot);
    outputs.push({ format: 'bundle', name, ...signed });
  }
  return outputs;
};
