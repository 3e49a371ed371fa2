import { z } from 'zod';
import { Arch, BuildId, ClassName, Digest, Version } from './ids.ts';
import { BuilderCapability } from './build-resource.ts';
import { EntryType } from './image-contents.ts';
import { PackageType } from './package-type.ts';

/** What is told of a build beside itself: what is in it, what it changes, how it went on, and what goes before it. */
const time = z.iso.datetime();

/** A file or folder of an image, as `GET /v1/builds/{id}/contents` tells it. */
export const ContentsNode = z.object({
  /** from the root, without a slash at the beginning; the root itself is empty */
  path: z.string(),
  type: EntryType,
  /** bytes; of a folder, of all that is below it. A hard link has none of its own */
  size: z.int(),
  /** how many files are below it; of a file 1 */
  files: z.int(),
  /** octal */
  mode: z.string(),
  /** that put it there, of a folder that most of its bytes are from; null: the build itself made it */
  component: z.string().nullable(),
  /** what of the component; of a folder null */
  source: z.string().nullable(),
  digest: Digest.optional(),
  target: z.string().optional(),
});
export type ContentsNode = z.infer<typeof ContentsNode>;

export const MAX_CONTENTS = 5000;
export const BuildContents = z.object({
  under: ContentsNode,
  /** what is below it, as deep as was asked for; of each folder the largest first, every one after its folder */
  entries: z.array(ContentsNode),
  /** how many were left out because they were too many, and their bytes */
  left: z.object({ entries: z.int(), size: z.int() }),
  /** which component has how much of it, the largest first */
  components: z.array(z.object({ component: z.string().nullable(), size: z.int(), files: z.int() })),
});
export type BuildContents = z.infer<typeof BuildContents>;

export const FoundContents = z.object({
  /** by path, at most as many as was asked for */
  entries: z.array(ContentsNode),
  total: z.int(),
});
export type FoundContents = z.infer<typeof FoundContents>;

const BuildName = z.object({ id: BuildId, deviceClass: ClassName, version: Version, createdAt: time });
const PlacedPackage = z.object({
  type: PackageType,
  name: z.string(),
  version: z.string(),
  /** that hold it */
  components: z.array(z.string()),
});

export const MAX_CHANGED_FILES = 1000;
/** What a build changes against another. */
export const BuildDifference = z.object({
  from: BuildName,
  to: BuildName,
  /** null: one of them has no list of what is in it */
  packages: z
    .object({
      added: z.array(PlacedPackage),
      removed: z.array(PlacedPackage),
      changed: z.array(z.object({ type: PackageType, name: z.string(), from: z.string(), to: z.string() })),
    })
    .nullable(),
  components: z
    .object({
      added: z.array(z.string()),
      removed: z.array(z.string()),
      changed: z.array(z.object({ name: z.string(), from: z.string(), to: z.string() })),
    })
    .nullable(),
  /** null: one of them has no list of its files */
  files: z
    .object({
      added: z.int(),
      removed: z.int(),
      changed: z.int(),
      /** of all files, bytes */
      size: z.object({ from: z.int(), to: z.int() }),
      /** those that change the size most first, at most `MAX_CHANGED_FILES` */
      entries: z.array(
        z.object({
          path: z.string(),
          change: z.enum(['added', 'removed', 'changed']),
          /** bytes; null where it is not there */
          from: z.int().nullable(),
          to: z.int().nullable(),
          component: z.string().nullable(),
        }),
      ),
    })
    .nullable(),
  /** class file and image files whose texts differ; null where there was or is none */
  configuration: z.array(
    z.object({ name: z.string(), from: z.string().nullable(), to: z.string().nullable() }),
  ),
  artifacts: z.array(
    z.object({
      name: z.string(),
      from: z.int().nullable(),
      to: z.int().nullable(),
      /** whether both have the same bytes */
      same: z.boolean(),
    }),
  ),
});
export type BuildDifference = z.infer<typeof BuildDifference>;

/** A step of the last attempt of a build, from its log. */
export const BuildStep = z.object({
  name: z.string(),
  percent: z.number(),
  startedAt: time,
  /** null: it goes on */
  endedAt: time.nullable(),
  /** number of its line in the log, from 0 */
  line: z.int(),
});
export type BuildStep = z.infer<typeof BuildStep>;

export const MAX_LOG_LINES = 2000;
export const BuildLogLines = z.object({
  /** how many there are in all */
  total: z.int(),
  /** number of the first of `lines`, from 0 */
  from: z.int(),
  lines: z.array(z.object({ at: z.string(), text: z.string(), step: z.boolean() })),
  /** bytes up to the end of the last whole line of the log: the events of the build go on from there (`Last-Event-ID`) */
  offset: z.int(),
});
export type BuildLogLines = z.infer<typeof BuildLogLines>;

export const MAX_LOG_MATCHES = 10_000;
export const BuildLogMatches = z.object({
  total: z.int(),
  /** numbers of lines from 0, at most `MAX_LOG_MATCHES` */
  lines: z.array(z.int()),
});
export type BuildLogMatches = z.infer<typeof BuildLogMatches>;

/** Builds of one queue: those of an architecture that need the same of a worker. */
export const BuildQueueState = z.object({
  name: z.string(),
  arch: Arch,
  needs: z.array(BuilderCapability),
  /** live workers that take them, and how many builds they do at once */
  workers: z.int(),
  capacity: z.int(),
  building: z.array(BuildId),
  /** in the order in which workers will take them, as it is now */
  waiting: z.array(BuildId),
  /** that are tried again after a while */
  delayed: z.array(BuildId),
});
export type BuildQueueState = z.infer<typeof BuildQueueState>;
