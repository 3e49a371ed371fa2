import { cp, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ComponentFile } from '@slipway/components';
import { addClasses, DEMO_CLASSES, DemoArch, demoDeviceId } from '@slipway/demo';
import { parseClassImage, parseSpec } from '@slipway/image-spec';
import { afterEach, beforeEach, expect, test } from 'vitest';

const IMAGES = join(import.meta.dirname, '..', 'infra', 'demo', 'images');
const KERNELS: Readonly<Record<DemoArch, string>> = {
  amd64: 'linux-image-cloud-${arch}',
  arm64: 'linux-image-cloud-${arch}',
  'arm/v7': 'linux-image-armmp',
  riscv64: 'linux-image-riscv64',
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-demo-classes-'));
  await cp(IMAGES, folder, { recursive: true });
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const read = (...path: string[]): Promise<string> => readFile(join(folder, ...path), 'utf8');

const archsOf = async (component: string): Promise<readonly string[]> =>
  parseSpec(await read('components', component, 'component.yml'), 'component.yml', ComponentFile).arch;

test.each(DemoArch.options)('the class of %s is valid and has a kernel of its own', async (arch) => {
  await addClasses(folder, [arch]);
  const name = `classes/${DEMO_CLASSES[arch]}.yml`;
  const { deviceClass, spec } = parseClassImage({
    classFile: { name, text: await read(name) },
    imageFiles: [{ name: 'edge.yml', text: await read('edge.yml') }],
  });
  expect(deviceClass).toMatchObject({ name: DEMO_CLASSES[arch], arch });
  expect(spec.packages['kernel']?.install).toEqual([KERNELS[arch]]);
  expect(demoDeviceId(arch)).toMatch(/^demo-[a-z0-9]+$/);
});

test('components are packed for the architectures that are asked for, and by default for those of the repository', async () => {
  await addClasses(folder, ['amd64', 'arm64']);
  expect(await readdir(join(folder, 'classes'))).toEqual(['edge-arm64.yml', 'edge-x86.yml']);
  expect(await archsOf('web')).toEqual(['amd64', 'arm64']);
  await addClasses(folder, ['riscv64']);
  for (const component of await readdir(join(folder, 'components')))
    expect(await archsOf(component)).toEqual(['riscv64']);
});
