import type { ImageFileText } from './image-file.ts';

/** Merges as LinuxKit does: fields of `kernel` override, lists append; `debian` replaces. `agent` and `health` override field by field. */
export const mergeImageFiles = (files: readonly ImageFileText[]): ImageFileText =>
  files.reduce<ImageFileText>(
    (merged, file) => ({
      kernel: { ...merged.kernel, ...file.kernel },
      init: [...(merged.init ?? []), ...(file.init ?? [])],
      onboot: [...(merged.onboot ?? []), ...(file.onboot ?? [])],
      onshutdown: [...(merged.onshutdown ?? []), ...(file.onshutdown ?? [])],
      services: [...(merged.services ?? []), ...(file.services ?? [])],
      files: [...(merged.files ?? []), ...(file.files ?? [])],
      packages: { ...merged.packages, ...file.packages },
      ...((file.debian ?? merged.debian) === undefined ? {} : { debian: file.debian ?? merged.debian }),
      agent: { ...merged.agent, ...file.agent },
      health: { ...merged.health, ...file.health },
    }),
    {},
  );
