import type { Command } from 'commander';
import type { Tenant } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { facts, time } from '../table.ts';

const show = ({ id, name, createdAt }: Tenant): string =>
  facts({ tenant: id, name, created: time(createdAt) });

export const tenantCommands = (program: Command, makeContext: MakeContext): void => {
  const tenant = program
    .command('tenant')
    .summary('whose fleet this is')
    .description('Whose fleet this is: what a server knows belongs to a tenant.');
  leaf(tenant, makeContext, {
    usage: 'show',
    summary: 'show the tenant that you belong to',
    options: z.object({}),
    run: async (context) => {
      const found = await (await connect(context)).tenant.get();
      print(context, found, () => show(found));
    },
  });
  leaf(tenant, makeContext, {
    usage: 'rename <name>',
    summary: 'give it another name for people; its id stays',
    options: z.object({}),
    run: async (context, words) => {
      const renamed = await (await connect(context)).tenant.update({ name: word(words, 0) });
      print(context, renamed, () => show(renamed));
    },
  });
};
