import { codeOf } from '@slipway/protocol';
import { describe, expect, test } from 'vitest';
import { HELP, parseArguments } from './arguments.ts';

const codeThrownBy = (args: readonly string[]): string => {
  try {
    parseArguments(args);
    return 'nothing';
  } catch (error) {
    return codeOf(error);
  }
};

describe('the words of slipway-agent', () => {
  test.each([
    [[], { kind: 'help' }],
    [['help'], { kind: 'help' }],
    [['status', '--help'], { kind: 'help' }],
    [['--version'], { kind: 'version' }],
    [['version'], { kind: 'version' }],
    [['status'], { kind: 'status' }],
    [['install', 'a.tar'], { kind: 'install', file: 'a.tar', reboot: true }],
    [['install', '--no-reboot', '--', '-a.tar'], { kind: 'install', file: '-a.tar', reboot: false }],
    [['doctor'], { kind: 'doctor', fix: false }],
    [['doctor', '--fix'], { kind: 'doctor', fix: true }],
    [['reset', '--yes'], { kind: 'reset', wipeData: false }],
    [['reset', '--wipe-data', '--yes'], { kind: 'reset', wipeData: true }],
    [['logs'], { kind: 'logs', service: undefined }],
    [['logs', 'web'], { kind: 'logs', service: 'web' }],
  ])('%j', (args, command) => {
    expect(parseArguments(args)).toEqual({ command, json: false });
    expect(parseArguments(['--json', ...args])).toEqual({ command, json: true });
  });

  test.each([
    [['stat']],
    [['constructor']],
    [['install']],
    [['install', 'a', 'b']],
    [['install', 'a', '--fix']],
    [['status', 'now']],
    [['logs', 'web', 'db']],
    [['reset']],
    [['reset', '--wipe-data']],
    [['--frobnicate', 'status']],
  ])('%j is refused', (args) => {
    expect(codeThrownBy(args)).toBe('USAGE');
  });

  test('help names every command', () => {
    for (const name of ['status', 'install FILE', 'doctor', 'reset --yes', 'logs', 'version', 'help']) {
      expect(HELP).toContain(`\n  ${name}`);
    }
  });
});
