import { expect, test } from 'vitest';
import { withoutSignature } from './module-signature.ts';

/** As sign-file of the kernel puts it: signature, what it is, mark. */
const signed = (module: Uint8Array, signature: Uint8Array): Buffer => {
  const info = Buffer.alloc(12);
  info.writeUInt8(2, 2);
  info.writeUInt32BE(signature.length, 8);
  return Buffer.concat([module, signature, info, Buffer.from('~Module signature appended~\n')]);
};
const module = Buffer.from('a module');

test('a signature is taken off, and nothing of the module', () => {
  expect(Buffer.from(withoutSignature(signed(module, Buffer.alloc(700, 1))))).toEqual(module);
  expect(Buffer.from(withoutSignature(signed(module, Buffer.alloc(0))))).toEqual(module);
});

test('what has none stays as it is, and what claims more than there is', () => {
  expect(withoutSignature(module)).toBe(module);
  expect(withoutSignature(Buffer.alloc(0))).toEqual(Buffer.alloc(0));
  const broken = signed(module, Buffer.alloc(9));
  broken.writeUInt32BE(1_000_000, broken.length - 32);
  expect(withoutSignature(broken)).toBe(broken);
});
