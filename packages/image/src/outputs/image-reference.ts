/** What registries allow between letters and digits: one of these, or several hyphens. */
const SEPARATORS = /[._]*-[-._]*|[._]{2,}/g;

/**
 * What an image is called once it is loaded: as the outputs, as far as names of repositories may be so.
 *
 * @see the OCI distribution specification, "Pulling manifests", on `<name>`
 */
export const imageReference = (name: string): string => {
  const repository = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(SEPARATORS, '-')
    .replaceAll(/^[._-]+|[._-]+$/g, '');
  return `${repository === '' ? 'image' : repository}:latest`;
};
