import type { ImageFileText } from './image-file.ts';

type Kernel = ImageFileText['kernel'];

/** An empty text leaves a field as it was, but those of `tar` and `ucode` mean that there is none. */
const mergeKernel = (lower: Kernel, upper: Kernel): Kernel => ({
  ...lower,
  ...Object.fromEntries(
    Object.entries(upper ?? {}).filter(
      ([key, value]) => value !== undefined && (value !== '' || key === 'tar' || key === 'ucode'),
    ),
  ),
});

/** Merges as LinuxKit does: fields of `kernel` override, lists append; `debian` replaces. `agent`, `health` and `link` override field by field. */
export const mergeImageFiles = (files: readonly ImageFileText[]): ImageFileText =>
  files.reduce<ImageFileText>(
    (merged, file) => ({
      kernel: mergeKernel(merged.kernel, file.kernel),
      init: [...(merged.init ?? []), ...(file.init ?? [])],
      volumes: [...(merged.volumes ?? []), ...(file.volumes ?? [])],
      onboot: [...(merged.onboot ?? []), ...(file.onboot ?? [])],
      onshutdown: [...(merged.onshutdown ?? []), ...(file.onshutdown ?? [])],
      services: [...(merged.services ?? []), ...(file.services ?? [])],
      files: [...(merged.files ?? []), ...(file.files ?? [])],
      packages: { ...merged.packages, ...file.packages },
      dockerfiles: { ...merged.dockerfiles, ...file.dockerfiles },
      ...((file.debian ?? merged.debian) === undefined ? {} : { debian: file.debian ?? merged.debian }),
      deviceNodes: [...(merged.deviceNodes ?? []), ...(file.deviceNodes ?? [])],
      agent: { ...merged.agent, ...file.agent },
      modules: [...(merged.modules ?? []), ...(file.modules ?? [])],
      health: { ...merged.health, ...file.health },
      link: { ...merged.link, ...file.link },
      diagnostics: [...(merged.diagnostics ?? []), ...(file.diagnostics ?? [])],
    }),
    {},
  );
