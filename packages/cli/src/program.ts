import { Command } from 'commander';
import type { MakeContext } from './command.ts';
import { auditCommands } from './commands/audit.ts';
import { backupCommands } from './commands/backup.ts';
import { buildCommand } from './commands/build.ts';
import { imageCommands } from './commands/build-inputs.ts';
import { buildCommands } from './commands/builds.ts';
import { bundleCommands } from './commands/bundle.ts';
import { cacheCommands } from './commands/cache.ts';
import { completeCommand } from './commands/complete.ts';
import { completionCommand } from './commands/completion.ts';
import { channelCommands } from './commands/channels.ts';
import { claimCommands } from './commands/claims.ts';
import { componentCommands } from './commands/component.ts';
import { contextCommands } from './commands/context-command.ts';
import type { Context } from './context.ts';
import { packageCommands } from './commands/packages.ts';
import { peopleCommands } from './commands/people.ts';
import { deviceCommands } from './commands/devices.ts';
import { diffCommand } from './commands/diff.ts';
import { diskCommands } from './commands/disk.ts';
import { runCommand } from './commands/run.ts';
import { groupCommands } from './commands/groups.ts';
import { keyCommands } from './commands/keys.ts';
import { licensesCommand } from './commands/licenses.ts';
import { stopCommands } from './commands/emergency-stop.ts';
import { lintCommand } from './commands/lint.ts';
import { lockCommand } from './commands/lock.ts';
import { releaseCommands } from './commands/releases.ts';
import { reportCommand } from './commands/report.ts';
import { retentionCommands } from './commands/retention.ts';
import { statusCommand } from './commands/status.ts';
import { rolloutCommands } from './commands/rollouts.ts';
import { sbomCommands } from './commands/sbom.ts';
import { sourceCommands } from './commands/sources.ts';
import { tenantCommands } from './commands/tenant.ts';
import { triggerCommands } from './commands/triggers.ts';
import { virtualDeviceCommand } from './commands/virtual-device.ts';
import { webhookCommands } from './commands/webhooks.ts';
import { workerCommands } from './commands/workers.ts';
import { versionCommand } from './commands/version.ts';
import { whyCommand } from './commands/why.ts';
import { validateCommand } from './commands/validate.ts';

const HELP = `
The server is the instance that runs on .slipway/local here or above ("npm run up"), or on SLIPWAY_DATA;
SLIPWAY_URL names another one, "slipway context" keeps others by name. Who asks: SLIPWAY_TOKEN, or who has logged in,
or the token of the data directory.

Exit status: 0 done, 1 the device or rollout failed, 64 wrong words, 65 wrong file, 66 not found, 69 something is
missing, 75 not now, 77 not allowed, 78 wrong settings; docs/errors.md has one line for each code.`;

export const createProgram = (
  makeContext: MakeContext,
  { out, err }: Pick<Context, 'out' | 'err'>,
): Command => {
  const program = new Command('slipway')
    .description('Builds, signs, rolls out and proves images of devices.')
    .addHelpText('after', HELP)
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    // A command that does something and holds others, such as backup, leaves them their options.
    .enablePositionalOptions()
    // Set before commands are added: they take it over.
    .exitOverride()
    .configureOutput({
      writeOut: (text) => out(text.trimEnd()),
      writeErr: (text) => err(text.trimEnd()),
      // What is wrong is told once, with its code, where errors are handled.
      outputError: () => undefined,
    });
  validateCommand(program, makeContext);
  buildCommand(program, makeContext);
  lintCommand(program, makeContext);
  lockCommand(program, makeContext);
  buildCommands(program, makeContext);
  workerCommands(program, makeContext);
  sourceCommands(program, makeContext);
  triggerCommands(program, makeContext);
  releaseCommands(program, makeContext);
  packageCommands(program, makeContext);
  channelCommands(program, makeContext);
  rolloutCommands(program, makeContext);
  deviceCommands(program, makeContext);
  groupCommands(program, makeContext);
  claimCommands(program, makeContext);
  stopCommands(program, makeContext);
  backupCommands(program, makeContext);
  webhookCommands(program, makeContext);
  retentionCommands(program, makeContext);
  statusCommand(program, makeContext);
  bundleCommands(program, makeContext);
  componentCommands(program, makeContext);
  whyCommand(program, makeContext);
  diffCommand(program, makeContext);
  reportCommand(program, makeContext);
  imageCommands(program, makeContext);
  cacheCommands(program, makeContext);
  diskCommands(program, makeContext);
  runCommand(program, makeContext);
  virtualDeviceCommand(program, makeContext);
  sbomCommands(program, makeContext);
  licensesCommand(program, makeContext);
  tenantCommands(program, makeContext);
  keyCommands(program, makeContext);
  peopleCommands(program, makeContext);
  auditCommands(program, makeContext);
  contextCommands(program, makeContext);
  completionCommand(program, makeContext);
  completeCommand(program, makeContext);
  versionCommand(program, makeContext);
  return program;
};
