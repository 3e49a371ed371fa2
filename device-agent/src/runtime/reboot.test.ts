import { expect, test } from 'vitest';
import type { Processes } from './port.ts';
import { rebootBy } from './reboot.ts';

const never = (): void => {
  throw new Error('the process ended');
};

test('everything is on the disks before the machine goes down, and the word for the firmware comes last', async () => {
  const asked: (readonly string[])[] = [];
  const down = Promise.withResolvers<undefined>();
  const run: Processes['run'] = async (command) => {
    asked.push(command);
    if (command[0] === 'reboot') down.resolve(undefined);
    return { status: 0, stdout: '', stderr: '' };
  };
  void rebootBy(run, ['reboot'], '0 tryboot', never);
  await down.promise;
  expect(asked).toEqual([['sync'], ['reboot', '0 tryboot']]);
});

test('a machine that refuses to go down is an error, so that it is asked again', async () => {
  const run: Processes['run'] = async ([program]) =>
    program === 'sync'
      ? { status: 0, stdout: '', stderr: '' }
      : { status: 1, stdout: '', stderr: 'reboot: Operation not permitted\n' };
  await expect(rebootBy(run, ['reboot'], undefined, never)).rejects.toThrow('Operation not permitted');
});
