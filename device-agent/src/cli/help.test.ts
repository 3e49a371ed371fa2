import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DeviceStatus } from '../control/device-status.ts';
import { HELP } from './arguments.ts';

const page = readFileSync(new URL('../../../docs/slipway-agent.md', import.meta.url), 'utf8');

test('docs/slipway-agent.md shows the help as it is', () => {
  expect(page).toContain(`\`\`\`console\n${HELP}\`\`\``);
});

test('docs/slipway-agent.md names every key of the status', () => {
  const told = Object.keys(DeviceStatus.shape).filter(
    (key) => key !== 'v' && key !== 'agent' && key !== 'bootId',
  );
  for (const key of told) expect(page).toContain(`\`${key}\``);
});
