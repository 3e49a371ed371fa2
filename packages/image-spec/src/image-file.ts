import {
  AGENT_RUNTIMES,
  type AgentRuntime,
  type Diagnostic,
  type HealthGates,
  type LinkPolicy,
} from '@slipway/protocol';
import { z } from 'zod';
import { ContainerText, REFERENCE, type Container } from './container.ts';
import { DebianSource } from './debian-source.ts';
import { DOCKERFILE_NAME, DockerfileBuild } from './dockerfile-build.ts';
import { Health } from './health.ts';
import { FileEntry, Kernel, VolumeText, type Volume } from './linuxkit-entries.ts';
import { Diagnostics, Link } from './link.ts';
import { PackageSet } from './package-set.ts';
import { DeclaredVariables } from './variables.ts';
import { zoneOf } from './zones/zone.ts';

const strings = z.array(z.string());

/** One image file as written. LinuxKit's keys and, below them, Slipway's own, so that a LinuxKit file stays valid. */
export const ImageFileText = z.strictObject({
  kernel: Kernel.optional().describe('The kernel.'),
  init: strings
    .optional()
    .describe(`Components that make up the root, each over the one before: ${REFERENCE}`),
  volumes: z.array(VolumeText).optional().describe('Room that containers share.'),
  onboot: z
    .array(ContainerText)
    .optional()
    .describe('Containers that run one after the other before services start.'),
  onshutdown: z
    .array(ContainerText)
    .optional()
    .describe('Containers that run one after the other at the end.'),
  services: z.array(ContainerText).optional().describe('Containers that keep running, side by side.'),
  files: z.array(FileEntry).optional().describe('Files, folders and links of the root.'),
  trust: z
    .strictObject({
      image: strings.optional().describe('Ignored.'),
      org: strings.optional().describe('Ignored.'),
    })
    .optional()
    .describe('Of Docker Content Trust: accepted and ignored, as LinuxKit does.'),
  packages: z
    .record(z.string().regex(/^[a-z0-9][a-z0-9-]*$/), PackageSet)
    .optional()
    .describe('Components made of Debian packages, by the names that deb:NAME refers to.'),
  dockerfiles: z
    .record(
      z.string().regex(DOCKERFILE_NAME, 'a name of small letters, digits, dots, _ and -'),
      DockerfileBuild,
    )
    .optional()
    .describe('Components made from Dockerfiles, by the names that dockerfile:NAME refers to.'),
  debian: z
    .array(DebianSource)
    .min(1, 'at least one source')
    .optional()
    .describe('Where Debian packages come from, unless a package set says otherwise.'),
  deviceNodes: z
    .array(
      z
        .string()
        .regex(/^(?!\/)(?!.*(?:^|\/)\.{1,2}(?:\/|$))[^\0]+$/, 'a path without leading / and without ..'),
    )
    .optional()
    .describe('Paths of device nodes that images may hold; every other device node in an image is refused.'),
  agent: z
    .strictObject({
      enabled: z.boolean().optional().describe('Whether the image has it; by default true.'),
      runtime: z
        .enum(AGENT_RUNTIMES)
        .optional()
        .describe('What it runs on: quickjs takes 1 MB of a slot, node 45 MB; by default quickjs.'),
      timeZone: z
        .string()
        .min(1)
        .max(64)
        .refine(
          (text) => zoneOf(text) !== undefined,
          'a time zone such as Europe/Vienna, or a rule of POSIX such as CET-1CEST,M3.5.0,M10.5.0/3',
        )
        .optional()
        .describe(
          'The time zone of windows for updates: Europe/Vienna, or as POSIX writes it, CET-1CEST,M3.5.0,M10.5.0/3; by default UTC.',
        ),
      remoteRollback: z
        .boolean()
        .optional()
        .describe(
          'Whether operators may take devices back to the release before by command; by default false.',
        ),
    })
    .optional()
    .describe("Slipway's agent, which updates the device."),
  modules: z
    .array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, 'the name of a kernel module'))
    .optional()
    .describe(
      'Kernel modules that services load with modprobe, with what those need; what a device starts with is there anyway.',
    ),
  health: Health.optional().describe('What must hold on a device before an update is kept.'),
  link: Link.optional().describe('How devices treat their link: what they send, and how fast.'),
  diagnostics: Diagnostics.optional().describe('Programs that operators may have run on devices.'),
  variables: DeclaredVariables.optional().describe(
    'Names that ${NAME} stands for in this file, with what they are unless a class sets them; without a value a class must.',
  ),
});
export type WrittenImageFile = z.infer<typeof ImageFileText>;

/** One image file on its own, in which every component is a reference: what `build` says is among `dockerfiles`. */
export type ImageFileText = Omit<
  WrittenImageFile,
  'kernel' | 'volumes' | 'onboot' | 'onshutdown' | 'services'
> & {
  kernel?: Omit<Kernel, 'build'> | undefined;
  volumes?: Volume[] | undefined;
  onboot?: Container[] | undefined;
  onshutdown?: Container[] | undefined;
  services?: Container[] | undefined;
};

export type ImageKernel = {
  readonly image: string;
  readonly cmdline: string;
  readonly binary?: string | undefined;
  readonly tar?: string | undefined;
  readonly ucode?: string | undefined;
};

/**
 * What an image consists of: every image file of a class, merged, with defaults filled in. References and `source`
 * are relative to the image repository.
 */
export type ImageFile = {
  /** absent: an image without kernel, of which no device can start; `requireKernel` asks for one */
  readonly kernel?: ImageKernel | undefined;
  readonly init: readonly string[];
  readonly volumes: readonly Volume[];
  readonly onboot: readonly Container[];
  readonly onshutdown: readonly Container[];
  readonly services: readonly Container[];
  readonly files: readonly FileEntry[];
  /** each with the sources that hold for it */
  readonly packages: Readonly<Record<string, PackageSet>>;
  /** references in `contexts` and paths are relative to the image repository */
  readonly dockerfiles: Readonly<Record<string, DockerfileBuild>>;
  /** of the packages that Slipway itself puts into an image; absent: the building machine's */
  readonly debian?: readonly DebianSource[] | undefined;
  /** paths of device nodes that images may hold */
  readonly deviceNodes: readonly string[];
  readonly agent: {
    readonly enabled: boolean;
    readonly runtime: AgentRuntime;
    readonly timeZone?: string | undefined;
    readonly remoteRollback?: boolean | undefined;
  };
  /** kernel modules beside those that every device starts with */
  readonly modules: readonly string[];
  readonly health: HealthGates;
  readonly link: LinkPolicy;
  readonly diagnostics: readonly Diagnostic[];
};

/** What an image file gets for a key it leaves out. */
export const IMAGE_DEFAULTS = {
  agent: { enabled: true, runtime: 'quickjs' },
  /** seconds; `services` is every service of the image */
  health: { deadline: 120, stable: 10, broker: true },
} as const;
