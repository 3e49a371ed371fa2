import { archiveOrder, tarPieces } from '@slipway/components';
import { dockerArchive, ociArchive, type ImageArchive } from './docker-image.ts';
import { imageReference } from './image-reference.ts';
import { writeOutput, type OutputInput, type WriteOutput } from './output.ts';

export const tar: WriteOutput = async (input) => [
  await writeOutput(input, '.tar', tarPieces(archiveOrder(input.tree), { withOrigins: true })),
];

const imageArchive = ({ tree, arch, name, cacheDir, staging }: OutputInput): ImageArchive => ({
  tree,
  arch,
  reference: imageReference(name),
  scratch: staging.folder,
  cacheDir,
});

export const docker: WriteOutput = async (input) => [
  await writeOutput(input, '.docker.tar', await dockerArchive(imageArchive(input))),
];

export const oci: WriteOutput = async (input) => [
  await writeOutput(input, '.oci.tar', await ociArchive(imageArchive(input))),
];
