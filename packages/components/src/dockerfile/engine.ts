import type { Arch } from '@slipway/protocol';
import type { DockerfileBuild } from '@slipway/image-spec';
import type { BuildkitDaemon } from './buildx.ts';
import type { Dockerfile } from './parse-dockerfile.ts';
import type { StepLog } from './step-log.ts';

/** What an engine builds: everything lies in its work folder, nothing else of this machine is its business. */
export type EngineJob = {
  /** absolute; holds `context/`, `Dockerfile` and the layouts of base images, and takes all that is temporary */
  readonly work: string;
  readonly arch: Arch;
  readonly build: Pick<DockerfileBuild, 'target' | 'args' | 'network'>;
  readonly dockerfile: Dockerfile;
  /** by the names that the Dockerfile has for them; folders within `work`, which hold an index tagged `base` */
  readonly bases: readonly { readonly name: string; readonly folder: string; readonly index: string }[];
  /** the Dockerfile asks for SOURCE_DATE_EPOCH */
  readonly wantsEpoch: boolean;
};

/** How an engine ended, whose image lies in `out/` of the work folder if it succeeded. */
export type EngineEnd = { readonly succeeded: boolean };

/** BuildKit and buildah. */
export type Engine = {
  /** name and version: another one may give other bytes */
  readonly version: () => Promise<string>;
  readonly isolation: string;
  /** what to look for when it cannot even begin */
  readonly needs: string;
  /** makes this machine ready for a foreign architecture, or says why that cannot be */
  readonly prepare: (arch: Arch) => Promise<void>;
  readonly build: (job: EngineJob, onLine: (line: string) => void) => Promise<EngineEnd>;
  readonly log: (dockerfile: Dockerfile) => StepLog;
};

/** Whether and by what Dockerfiles may be built; absent wherever it is asked for: they may not. */
export type DockerfileBuilds = {
  /** absent: buildah, here, as root */
  readonly buildkit?: BuildkitDaemon | undefined;
};

/** What the environment says of a BuildKit daemon, once Dockerfiles may be built. */
export const dockerfileBuildsOf = (environment: {
  readonly SLIPWAY_BUILDKIT?: string | undefined;
  readonly SLIPWAY_BUILDKIT_CERTIFICATES?: string | undefined;
  readonly SLIPWAY_BUILDX?: string | undefined;
}): DockerfileBuilds => {
  const {
    SLIPWAY_BUILDKIT: address,
    SLIPWAY_BUILDKIT_CERTIFICATES: certificates,
    SLIPWAY_BUILDX: client,
  } = environment;
  return address === undefined ? {} : { buildkit: { address, certificates, client } };
};
