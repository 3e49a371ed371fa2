import type { Command } from 'commander';
import { PackageType, SlipwayError, type KnownPackage, type PackageFinding } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { facts, table } from '../table.ts';
import { DEVICE_HEADINGS, deviceLine } from './device-table.ts';

const versionRows = (found: readonly KnownPackage[]): string[][] =>
  found.flatMap(({ type, name, versions }) =>
    versions.map(({ version, releases, devices }) => [
      type,
      name,
      version === '' ? '-' : version,
      String(releases),
      String(devices),
    ]),
  );

const showVersions = (found: readonly KnownPackage[], columns: number | undefined): string =>
  table(['type', 'name', 'version', 'releases', 'devices'], versionRows(found), columns);

/** For a shell: `'it'\''s'`. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const releaseTable = (finding: PackageFinding, columns: number | undefined): string =>
  table(
    ['release', 'class', 'version', 'state', 'devices', 'packages'],
    finding.releases.map(({ id, deviceClass, version, state, devices, packages }) => [
      id,
      deviceClass,
      version,
      state,
      String(devices),
      packages.map((one) => `${one.type}:${one.name} ${one.version}`).join(', '),
    ]),
    columns,
  );

const unknownOf = ({ unknown: { releases, devices, silent } }: PackageFinding): string | undefined => {
  const of = [
    ...(devices === 0 ? [] : [`${devices} on ${releases} releases whose contents are not known`]),
    ...(silent === 0 ? [] : [`${silent} that never said what they run`]),
  ];
  return of.length === 0 ? undefined : of.join(', ');
};

/** What there is to do about it. */
const nextSteps = ({ query, byClass }: PackageFinding): string[] =>
  byClass.flatMap(({ deviceClass, update }) => [
    '',
    ...(update === null
      ? [
          `no published release of ${deviceClass} is known to be free of this; build one, then`,
          `  slipway rollouts create RELEASE --query ${quoted(query)}`,
        ]
      : [
          `${deviceClass} ${update.version} is free of this:`,
          `  slipway rollouts create ${update.id} --query ${quoted(query)}`,
        ]),
  ]);

const showFinding = (finding: PackageFinding, columns: number | undefined): string =>
  [
    facts({
      query: finding.query,
      devices: finding.devices,
      ...Object.fromEntries(
        finding.byClass.map(({ deviceClass, devices }) => [`  ${deviceClass}`, devices] as const),
      ),
      releases: finding.releaseCount,
      'not known': unknownOf(finding),
    }),
    ...(finding.releases.length === 0 ? [] : ['', releaseTable(finding, columns)]),
    ...finding.hints.flatMap((hint) => ['', hint]),
    ...nextSteps(finding),
  ].join('\n');

export const packageCommands = (program: Command, makeContext: MakeContext): void => {
  const packages = program
    .command('packages')
    .summary('packages in the field, and who runs them')
    .description(
      'Packages that releases hold, by their SBOMs, and the devices that run them. Names are those of packages or of the sources that they are built from, such as openssl, deb:libssl3t64, npm:@scope/name.',
    );
  leaf(packages, makeContext, {
    usage: 'list',
    summary: 'list packages with their versions, and how many releases and devices have each',
    options: z.object({
      name: z.string().optional(),
      type: PackageType.optional(),
      running: z.boolean().optional(),
    }),
    build: (command) =>
      command
        .option('--name <name>', 'only of this name; * stands for anything')
        .option('--type <type>', `only these: ${PackageType.options.join(', ')}`)
        .option('--running', 'only what a device runs'),
    run: async (context, _words, options) => {
      const found = await (await connect(context)).packages.list(options).all();
      print(context, found, () => showVersions(found, context.columns));
    },
  });
  leaf(packages, makeContext, {
    usage: 'find <query...>',
    summary: "find who runs a package: 'openssl', 'deb:openssl < 3.5.8', 'npm:zod ~ 4.*'",
    options: z.object({ devices: z.boolean().default(false) }),
    build: (command) => command.option('--devices', 'list the devices instead'),
    run: async (context, words, options) => {
      const client = await connect(context);
      const finding = await client.packages.find({ query: words.join(' ') });
      if (!options.devices) return print(context, finding, () => showFinding(finding, context.columns));
      const devices = await client.devices.list({ query: finding.query }).all();
      print(context, devices, () => table(DEVICE_HEADINGS, devices.map(deviceLine), context.columns));
    },
  });
  leaf(packages, makeContext, {
    usage: 'show <package>',
    summary: 'show the versions of a package, and who has each',
    options: z.object({}),
    run: async (context, words) => {
      const client = await connect(context);
      const asked = word(words, 0);
      const [, type, name = asked] = /^([a-z]+):(.*)$/s.exec(asked) ?? [];
      const kind = PackageType.optional().safeParse(type === 'go' ? 'golang' : type);
      if (!kind.success)
        throw new SlipwayError(
          'USAGE',
          `expected ${PackageType.options.join(', ')} before the colon, found ${type ?? ''}`,
        );
      const pattern = name.replace(/[*?\\]/g, '\\$&');
      const found = await client.packages.list({ name: pattern, type: kind.data }).all();
      if (found.length === 0)
        throw new SlipwayError(
          'NOT_FOUND',
          `No release holds a package ${asked}. slipway packages find ${quoted(asked)} also looks for what is built from a source of that name.`,
        );
      print(context, found, () => showVersions(found, context.columns));
    },
  });
};
