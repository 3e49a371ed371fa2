import { expect, test } from 'vitest';
import { hashPassword, isPassword, NOBODYS_PASSWORD } from './passwords.ts';

test('a password is known by its hash, however it is composed, and no other is', async () => {
  const hash = await hashPassword('Grüße an alle');
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(await isPassword('Grüße an alle', hash)).toBe(true);
  expect(await isPassword('Gru\u0308ße an alle', hash)).toBe(true);
  expect(await isPassword('Grüße an alle ', hash)).toBe(false);
  expect(await hashPassword('Grüße an alle')).not.toBe(hash);
});

test('hashes of the reference implementation are read, with parameters of their own', async () => {
  const hash = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
  expect(await isPassword('password', hash)).toBe(true);
  expect(await isPassword('Password', hash)).toBe(false);
});

test.each(['', 'password', '$argon2i$v=19$m=8,t=1,p=1$c29tc2FsdA$AAAA', NOBODYS_PASSWORD])(
  'nothing is the password of %j',
  async (hash) => {
    expect(await isPassword('password', hash)).toBe(false);
  },
);
