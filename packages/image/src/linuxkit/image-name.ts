const LOCAL = /^(?:deb|dockerfile|oci|oci-archive|docker-archive):/;

/**
 * The name by which LinuxKit knows an image: with Docker Hub and its `library` written out, but without a tag that is
 * not there. Two containers share files if this is equal.
 */
export const imageName = (reference: string): string => {
  if (LOCAL.test(reference)) return reference;
  const [first = '', ...rest] = reference.split('/');
  if (rest.length === 0) return `docker.io/library/${reference}`;
  const isHost = first === 'localhost' || /[.:]/.test(first);
  return rest.length === 1 && !isHost ? `docker.io/${reference}` : reference;
};
