/** What a forge calls the repository at an address: `acme/images` for `https://git.example/acme/images.git`. */
export const repositoryOf = (url: string): string => {
  const path = url.includes('://') ? (URL.parse(url)?.pathname ?? '') : url.slice(url.indexOf(':') + 1);
  return path.replace(/^\/+|\/+$/g, '').replace(/\.git$/, '');
};
