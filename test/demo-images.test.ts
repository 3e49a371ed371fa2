import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseClassFile, parseImageFiles } from '@slipway/image-spec';
import { expect, test } from 'vitest';

const images = join(import.meta.dirname, '..', 'infra', 'demo', 'images');
const textOf = (name: string): string => readFileSync(join(images, name), 'utf8');

test.each(['classes/edge-x86.yml', 'classes/edge-arm64.yml'])('%s and its image file are valid', (name) => {
  const deviceClass = parseClassFile(textOf(name), name);
  expect(deviceClass.images).toEqual(['edge.yml']);
  expect(
    parseImageFiles(deviceClass.images.map((image) => ({ name: image, text: textOf(image) }))).services,
  ).toHaveLength(3);
});

test('the swapped image differs in its DHCP client and web server and lacks the ticker', () => {
  const [edge, swap] = ['edge.yml', 'swap.yml'].map((name) =>
    parseImageFiles([{ name, text: textOf(name) }]),
  );
  expect(edge?.services.map(({ name, image }) => `${name} ${image}`)).toEqual([
    'dhcp oci:oci/dhcp',
    'web oci:oci/web',
    'ticker oci:oci/ticker',
  ]);
  expect(swap?.services.map(({ name, image }) => `${name} ${image}`)).toEqual([
    'dhcp deb:dhcpcd',
    'web deb:webserver',
  ]);
  expect(swap?.kernel).toEqual(edge?.kernel);
  expect(swap?.health).toEqual(edge?.health);
});
