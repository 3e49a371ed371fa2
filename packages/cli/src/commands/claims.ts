import type { Command } from 'commander';
import { ClassName, DeviceId, type ClaimToken } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, wholeNumber, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { facts, table, time } from '../table.ts';

const HEADINGS = ['claim', 'class', 'device', 'used', 'expires', 'note'];
const line = (claim: ClaimToken): string[] => [
  claim.id,
  claim.deviceClass,
  claim.deviceId ?? claim.idPattern ?? '-',
  claim.uses === 1 ? time(claim.usedAt) : `${claim.used} of ${claim.uses}`,
  claim.revokedAt === null ? time(claim.expiresAt) : 'revoked',
  claim.note ?? '',
];
const show = (claim: ClaimToken): string =>
  facts({
    claim: claim.id,
    class: claim.deviceClass,
    device: claim.deviceId,
    ids: claim.idPattern,
    used: `${claim.used} of ${claim.uses}`,
    approval: claim.approval === 'required' ? 'required' : null,
    registered: claim.registeredOnly ? 'only' : null,
    note: claim.note,
    expires: time(claim.expiresAt),
    revoked: claim.revokedAt === null ? null : time(claim.revokedAt),
    token: claim.token,
  });

export const claimCommands = (program: Command, makeContext: MakeContext): void => {
  const claims = program
    .command('claims')
    .alias('claim')
    .summary('let devices in')
    .description('A claim token lets one device of a class, or a batch, enrol.');
  leaf(claims, makeContext, {
    usage: 'create',
    summary: 'create a claim token; it is shown this once',
    options: z.object({
      class: ClassName,
      deviceId: DeviceId.optional(),
      ttl: z.int().min(60).optional(),
      uses: z.int().min(1).optional(),
      idPattern: z.string().optional(),
      approval: z.boolean().default(false),
      registeredOnly: z.boolean().default(false),
      note: z.string().optional(),
    }),
    build: (command) =>
      command
        .requiredOption('-c, --class <name>', 'device class')
        .option('--device-id <id>', 'id that the device gets; otherwise the server makes one')
        .option('--ttl <seconds>', 'how long the token is good (86400)', wholeNumber)
        .option('--uses <n>', 'how many devices may enrol by it (1)', wholeNumber)
        .option('--id-pattern <pattern>', "what ids of a batch look like, such as 'gw-{serial}'")
        .option('--approval', 'devices wait until they are accepted')
        .option('--registered-only', 'only devices that were registered before')
        .option('--note <text>', 'what it is for'),
    run: async (context, _words, { class: deviceClass, approval, ...asked }) => {
      const client = await connect(context);
      const claim = await client.claims.create({
        deviceClass,
        ...asked,
        ...(approval ? { approval: 'required' as const } : {}),
      });
      print(context, claim, () => show(claim));
    },
  });
  leaf(claims, makeContext, {
    usage: 'list',
    summary: 'list claims, newest first',
    options: z.object({}),
    run: async (context) => {
      const found = await (await connect(context)).claims.list().all();
      print(context, found, () => table(HEADINGS, found.map(line), context.columns));
    },
  });
  for (const [verb, call, summary] of [
    ['show', 'get', 'show a claim'],
    ['revoke', 'revoke', 'let no further device in by a claim'],
  ] as const)
    leaf(claims, makeContext, {
      usage: `${verb} <claim>`,
      summary,
      options: z.object({}),
      run: async (context, words) => {
        const claim = await (await connect(context)).claims[call](word(words, 0));
        print(context, claim, () => show(claim));
      },
    });
  leaf(claims, makeContext, {
    usage: 'uses <claim>',
    summary: 'list who came with a claim',
    options: z.object({}),
    run: async (context, words) => {
      const found = await (await connect(context)).claims.listUses(word(words, 0)).all();
      print(context, found, () =>
        table(
          ['device', 'state', 'serial', 'first', 'key'],
          found.map((use) => [use.device, use.state, use.serial ?? '-', time(use.firstAt), use.keySha256]),
          context.columns,
        ),
      );
    },
  });
};
