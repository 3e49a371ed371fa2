import { readFile, writeFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Baseline, Finding, LINT_RULES } from '@slipway/image-spec/lint';
import { messageOf, SlipwayError } from '@slipway/protocol';
import { z } from 'zod';
import { ARCH_NAMES, ArchOption, HOST_ARCH } from '../arch-option.ts';
import { cacheFolder } from '../cache-folder.ts';
import { classFiles } from '../class-files.ts';
import { Ended, leaf, type MakeContext } from '../command.ts';
import type { Context } from '../context.ts';

export const FAIL_ON = ['error', 'warning', 'note', 'never'] as const;

const LintOptions = z.object({
  arch: ArchOption.default(HOST_ARCH),
  lock: z.union([z.string(), z.boolean()]).default(true),
  images: z.boolean().default(true),
  kernel: z.boolean().default(true),
  kernelConfig: z.string().optional(),
  offline: z.boolean().default(false),
  cache: z.string().optional(),
  built: z.string().optional(),
  baseline: z.string().optional(),
  writeBaseline: z.string().optional(),
  sarif: z.string().optional(),
  failOn: z.enum(FAIL_ON, { error: `expected ${FAIL_ON.join(', ')}` }).default('warning'),
  all: z.boolean().default(false),
});
type LintOptions = z.infer<typeof LintOptions>;

const readBaseline = async (context: Context, name: string): Promise<Baseline> => {
  const { Baseline: schema } = await import('@slipway/image-spec/lint');
  const text = await readFile(resolve(context.cwd, name), 'utf8').catch((cause: unknown) => {
    throw new SlipwayError('NOT_FOUND', `${name} cannot be read: ${messageOf(cause)}`, { cause });
  });
  const { parseSpec } = await import('@slipway/image-spec');
  return parseSpec(text, name, schema);
};

/** Where and what; what is let pass, with the reason. */
const renderFinding = ({ file, line, column, message, allowed }: Finding): string[] => [
  `  ${file}:${line}:${column}`,
  allowed === undefined ? message : `${message} (let pass: ${allowed})`,
];

/** Under each code what it means and how to mend it, once, and then every place. */
const renderCode = (
  code: Finding['code'],
  findings: readonly Finding[],
  rules: typeof LINT_RULES,
): string => {
  const { severity, meaning, mend } = rules[code];
  const rows = findings.map(renderFinding);
  const width = Math.max(...rows.map(([place = '']) => place.length));
  return [
    `${severity} ${code}`,
    `  ${meaning} ${mend}`,
    ...rows.map(([place = '', message = '']) => `${place.padEnd(width)}  ${message}`),
    '',
  ].join('\n');
};

const count = (findings: readonly Finding[], severity: Finding['severity']): string => {
  const number = findings.filter((found) => found.severity === severity).length;
  return `${number} ${severity}${number === 1 ? '' : 's'}`;
};

const render = (
  findings: readonly Finding[],
  shown: readonly Finding[],
  rules: typeof LINT_RULES,
): string => {
  const open = findings.filter(({ allowed }) => allowed === undefined);
  const passed = findings.length - open.length;
  const sum = [count(open, 'error'), count(open, 'warning'), count(open, 'note')].join(', ');
  const codes = [...new Set(shown.map(({ code }) => code))];
  const groups = codes.map((code) =>
    renderCode(
      code,
      shown.filter((one) => one.code === code),
      rules,
    ),
  );
  return [...groups, `${sum}${passed === 0 ? '' : `; ${passed} let pass`}`].join('\n');
};

const isAtLeast = (severity: Finding['severity'], least: LintOptions['failOn']): boolean =>
  FAIL_ON.indexOf(severity) <= FAIL_ON.indexOf(least) && least !== 'never';

const builtFindings = async (context: Context, name: string): Promise<Finding[]> => {
  const { lintBuilt } = await import('@slipway/image-spec/lint');
  const { loadImage } = await import('../load-image.ts');
  return lintBuilt((await loadImage(context, name)).contents.entries.values(), name);
};

const lint = async (context: Context, words: readonly string[], options: LintOptions): Promise<void> => {
  const {
    baselineOf,
    letPassBaseline,
    LINT_RULES: rules,
    makeSarif,
  } = await import('@slipway/image-spec/lint');
  const { lintFiles } = await import('../lint/lint-files.ts');
  const { TOOL_VERSION } = await import('@slipway/image');
  const names = words.length > 0 ? words : await classFiles(context, 'check');
  const found = await lintFiles(context, names, {
    ...options,
    built: options.built === undefined ? [] : await builtFindings(context, options.built),
    cacheDir: cacheFolder(context, options.cache),
  });
  if (options.writeBaseline !== undefined) {
    const path = resolve(context.cwd, options.writeBaseline);
    const baseline = baselineOf(found);
    await writeFile(path, `${JSON.stringify(baseline, null, 2)}\n`);
    context.err(`${relative(context.cwd, path)}: ${baseline.findings.length} findings written`);
  }
  const baseline = options.baseline ?? options.writeBaseline;
  const findings =
    baseline === undefined ? found : letPassBaseline(found, await readBaseline(context, baseline));
  const shown = options.all ? findings : findings.filter(({ allowed }) => allowed === undefined);
  const sarif = (): string => JSON.stringify(makeSarif(findings, TOOL_VERSION), null, 2);
  if (options.sarif !== undefined && options.sarif !== '-')
    await writeFile(resolve(context.cwd, options.sarif), `${sarif()}\n`);
  if (options.sarif === '-') context.out(sarif());
  else context.out(context.json ? JSON.stringify(findings, null, 2) : render(findings, shown, rules));
  if (findings.some(({ allowed, severity }) => allowed === undefined && isAtLeast(severity, options.failOn)))
    throw new Ended(1);
};

export const lintCommand = (program: Command, makeContext: MakeContext): void => {
  leaf(program, makeContext, {
    usage: 'lint',
    summary: 'check image and class files against a security profile',
    options: LintOptions,
    build: (command) =>
      command
        .argument('[file...]', 'image files, merged in this order, or class files; otherwise classes/*.yml')
        .option(
          '--fail-on <severity>',
          'end with status 1 from this on: error, warning, note, never (warning)',
        )
        .option('--all', 'show what is let pass, too')
        .option('--sarif <file>', 'write SARIF 2.1.0; - is standard output')
        .option('--built <image>', 'look at the files of the built image, too: an output, build or release')
        .option('--baseline <file>', 'let pass what this file lists')
        .option('--write-baseline <file>', 'write what is found now, to let it pass from now on')
        .option('--no-images', 'look at the files alone, not at labels of images nor at the kernel')
        .option('--no-kernel', 'do not fetch the kernel for its options')
        .option('--kernel-config <file>', "the kernel's configuration, instead of that in its component")
        .option('--arch <arch>', `of image files: ${ARCH_NAMES}; otherwise as this machine`)
        .option(
          '--lock <file>',
          'what tags and packages stand for; otherwise slipway.lock beside the first file',
        )
        .option('--no-lock', 'do not look for a lock file')
        .option('--offline', 'take everything from the cache and from disk')
        .option('--cache <folder>', 'the cache; otherwise SLIPWAY_CACHE or ~/.cache/slipway'),
    run: lint,
  });
};
