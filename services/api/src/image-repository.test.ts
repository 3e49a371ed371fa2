import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openImageRepository } from './image-repository.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-images-'));
  await mkdir(join(folder, 'classes'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  ['image: oci:web', ['lab']],
  ['build: ./web', ['lab', 'dockerfile']],
])('a class whose service says %s needs a worker that can do %j', async (component, needs) => {
  await writeFile(
    join(folder, 'edge.yml'),
    `kernel: {image: oci:kernel}\nservices: [{name: web, ${component}}]\n`,
  );
  await writeFile(
    join(folder, 'classes', 'edge.yml'),
    'name: edge\narch: arm64\nimages: [../edge.yml]\nneeds: [lab]\n',
  );
  expect((await openImageRepository(folder).snapshot('edge')).needs).toEqual(needs);
});
