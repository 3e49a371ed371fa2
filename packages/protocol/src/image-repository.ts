import { z } from 'zod';
import { DeviceClass } from './api.ts';
import { BuilderCapability } from './build-resource.ts';
import { ClassName, SigningProfile, Digest } from './ids.ts';

/** The image repository of a server as a resource: its files are read, checked and saved over the API. */
const time = z.iso.datetime();

/** Nothing outside, nothing hidden: `.git` and `.slipway` are no part of what is built. */
export const RepositoryPath = z
  .string()
  .max(512)
  .regex(
    /^(?!\.)(?!.*\/\.)(?!.*\/\/)(?!.*\/$)(?!\/)[ -[\]-~\u00a0-\uffff]+$/,
    'a path within the image repository, without hidden names',
  );
export type RepositoryPath = z.infer<typeof RepositoryPath>;

export const RepositoryKind = z.enum(['class', 'image', 'component', 'lock', 'other']);
export type RepositoryKind = z.infer<typeof RepositoryKind>;

/** characters */
export const MAX_REPOSITORY_TEXT = 128 * 1024;

export const RepositoryFile = z.object({
  path: RepositoryPath,
  kind: RepositoryKind,
  size: z.int(),
  changedAt: time,
  /** classes whose images are made of it; of a class file the class itself */
  classes: z.array(ClassName),
});
export type RepositoryFile = z.infer<typeof RepositoryFile>;

export const RepositoryText = z.object({
  path: RepositoryPath,
  kind: RepositoryKind,
  text: z.string(),
  digest: Digest,
});
export type RepositoryText = z.infer<typeof RepositoryText>;

export const RepositorySave = z.strictObject({
  text: z.string().max(MAX_REPOSITORY_TEXT),
  /** what for, as the history tells it */
  message: z.string().trim().min(1).max(500).optional(),
});
export type RepositorySave = z.infer<typeof RepositorySave>;

/** Several changes at once, all or none. Only a crash of the server in that moment leaves some of them. */
export const RepositoryEdit = z.strictObject({
  changes: z
    .array(
      z.strictObject({
        path: RepositoryPath,
        /** digest of the text that was read; null: there was no such file. Where that is no longer so, nothing is changed */
        was: Digest.nullable(),
        /** null: the file goes */
        text: z.string().max(MAX_REPOSITORY_TEXT).nullable(),
      }),
    )
    .min(1)
    .max(50)
    .refine((changes) => new Set(changes.map(({ path }) => path)).size === changes.length, 'each file once'),
  /** what for, as the history tells it */
  message: z.string().trim().min(1).max(500).optional(),
});
export type RepositoryEdit = z.infer<typeof RepositoryEdit>;

export const CommitHash = z.string().regex(/^[0-9a-f]{40,64}$/);
export const RepositoryChange = z.object({
  commit: CommitHash,
  by: z.string(),
  at: time,
  message: z.string(),
});
export type RepositoryChange = z.infer<typeof RepositoryChange>;

export const RepositoryValidate = z.strictObject({
  path: RepositoryPath,
  text: z.string().max(MAX_REPOSITORY_TEXT),
});
export type RepositoryValidate = z.infer<typeof RepositoryValidate>;

export const RepositoryProblem = z.object({
  file: z.string(),
  /** from 1 */
  line: z.int(),
  column: z.int(),
  /** such as `services[0].image`; empty: the file as a whole */
  key: z.string(),
  message: z.string(),
  allowed: z.array(z.string()).optional(),
  suggestion: z.string().optional(),
});
export type RepositoryProblem = z.infer<typeof RepositoryProblem>;

export const RepositoryCheck = z.object({
  kind: RepositoryKind,
  problems: z.array(RepositoryProblem),
  /** classes that were checked with the text in its place */
  classes: z.array(ClassName),
});
export type RepositoryCheck = z.infer<typeof RepositoryCheck>;

const Used = z.object({ name: z.string(), image: z.string() });

/** What a class is, from its class file and its image files. */
export const DeviceClassDetail = z.object({
  ...DeviceClass.shape,
  board: z.string(),
  bootLoader: z.string(),
  /** bytes; there are two root partitions */
  partitions: z.object({ esp: z.int(), root: z.int(), data: z.int() }),
  cmdline: z.string(),
  /** null: those that most machines need */
  drivers: z.array(z.string()).nullable(),
  secureBoot: z.boolean(),
  /** the signing profile: whose keys sign its releases */
  signing: SigningProfile,
  /** signing profiles whose releases its devices take as well */
  alsoTrusts: z.array(SigningProfile),
  qualification: z.enum(['on', 'off']),
  needs: z.array(BuilderCapability),
  outputs: z.array(z.string()),
  /** null where the image files cannot be read: `problem` says why */
  composition: z
    .object({
      kernel: z.string().nullable(),
      kernelCmdline: z.string(),
      init: z.array(z.string()),
      onboot: z.array(Used),
      services: z.array(Used),
      onshutdown: z.array(Used),
      packages: z.array(z.object({ name: z.string(), install: z.array(z.string()) })),
      files: z.array(z.string()),
      modules: z.array(z.string()),
      agent: z.object({ enabled: z.boolean(), runtime: z.string() }),
    })
    .nullable(),
  problem: z.string().nullable(),
});
export type DeviceClassDetail = z.infer<typeof DeviceClassDetail>;
