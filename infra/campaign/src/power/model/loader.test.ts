import { expect, test } from 'vitest';
import { DEFAULT, FIRMWARE_GUID, firmwareOf, ONE_SHOT, startLoader } from './loader.ts';

const esp = (names: readonly string[], conf = 'timeout 0\ndefault slot-a.efi\n') => ({
  files: new Map([
    ['EFI/BOOT/BOOTX64.EFI', Buffer.from('loader')],
    ['loader/loader.conf', Buffer.from(conf)],
    ...names.map((name) => [`EFI/Linux/${name}`, Buffer.from(name)] as const),
  ]),
  faults: [],
});
const text = (value: string) => ({ attributes: 7, value: Buffer.from(`${value}\0`, 'utf16le') });
const both = esp(['slot-a.efi', 'slot-b.efi', 'slot-c.efi.tmp']);

test.each([
  ['nothing but loader.conf', {}, both, 'slot-a.efi', false],
  ['the default of the variable', { [DEFAULT]: 'slot-b.efi' }, both, 'slot-b.efi', false],
  ['the one-shot, once', { [DEFAULT]: 'slot-a.efi', [ONE_SHOT]: 'slot-b.efi' }, both, 'slot-b.efi', true],
  ['a one-shot that is not there', { [ONE_SHOT]: 'slot-b.efi' }, esp(['slot-a.efi']), 'slot-a.efi', false],
  ['a default that is not there', { [DEFAULT]: 'slot-b.efi' }, esp(['slot-a.efi']), 'slot-a.efi', false],
  ['neither named', {}, esp(['slot-b.efi'], ''), 'slot-b.efi', false],
] as const)('%s decides', (_, values, content, entry, isOneShot) => {
  const variables = new Map(Object.entries(values).map(([name, value]) => [name, text(value)]));
  variables.set(`BootNext-${FIRMWARE_GUID}`, { attributes: 7, value: Buffer.from([1, 0]) });
  expect(startLoader(variables, content)).toEqual({ entry, isOneShot });
  expect([...variables.keys()].filter((name) => name !== DEFAULT)).toEqual([]);
});

test('an ESP without entries starts nothing, one whose loader is torn does not start', () => {
  expect(startLoader(new Map(), esp([]))).toBeUndefined();
  const firmware = firmwareOf(both);
  expect(firmware.startsLoader(both)).toBe(true);
  expect(
    firmware.startsLoader({ files: new Map([['EFI/BOOT/BOOTX64.EFI', Buffer.from('load')]]), faults: [] }),
  ).toBe(false);
});
