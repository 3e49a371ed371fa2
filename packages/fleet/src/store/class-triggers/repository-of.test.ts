import { expect, test } from 'vitest';
import { repositoryOf } from './repository-of.ts';

test.each([
  ['https://git.example/acme/images.git', 'acme/images'],
  ['https://git.example:8443/group/sub/images', 'group/sub/images'],
  ['ssh://git@git.example:22/acme/images.git', 'acme/images'],
  ['git@git.example:acme/images.git', 'acme/images'],
  ['https://git.example:99999/acme/images.git', ''],
])('%s is %s', (url, name) => {
  expect(repositoryOf(url)).toBe(name);
});
