import { Arch, parseArch, SlipwayError } from '@slipway/protocol';
import { expand, unquoted } from './expand.ts';
import { parseInstructions, type Instruction } from './instructions.ts';
import { platformArgs, platformOf } from './platforms.ts';

/** A stage of a Dockerfile: `FROM` and what follows it. */
export type Stage = {
  readonly name: string | undefined;
  /** the first is FROM */
  readonly instructions: readonly Instruction[];
  /** what it is made of, by the names they have here: images, or stages before it */
  readonly uses: readonly Use[];
};

type Use = {
  readonly name: string;
  /** of the image, where it is one */
  readonly arch: Arch;
  readonly line: number;
};

export type Dockerfile = { readonly file: string; readonly stages: readonly Stage[] };

export type ParseOptions = {
  /** of the file, for errors */
  readonly file: string;
  readonly arch: Arch;
  readonly args: Readonly<Record<string, string>>;
};

const invalid = (file: string, line: number, why: string): SlipwayError =>
  new SlipwayError('DOCKERFILE_INVALID', `${file}:${line}: ${why}`, { details: { file, line } });

/** `ARG NAME=value OTHER`: the words of which each may have quotes around its value. */
const argsOf = (rest: string): [string, string | undefined][] =>
  [...rest.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) => {
    const equals = word.indexOf('=');
    return equals < 0 ? [word, undefined] : [word.slice(0, equals), unquoted(word.slice(equals + 1))];
  });

const FROM = /^(?:--platform=(?<platform>\S+)\s+)?(?<image>\S+)(?:\s+AS\s+(?<name>\S+))?$/i;

const archOf = (platform: string | undefined, usual: Arch, file: string, line: number): Arch => {
  if (platform === undefined) return usual;
  const arch = platform.startsWith('linux/') ? parseArch(platform) : undefined;
  if (arch !== undefined) return arch;
  throw invalid(
    file,
    line,
    `expected a platform of ${Arch.options.map(platformOf).join(', ')}, found ${platform}`,
  );
};

/** Images or stages that COPY, ADD and mounts of RUN take files from. */
const fromsOf = ({ keyword, rest }: Instruction): string[] => {
  if (keyword === 'COPY' || keyword === 'ADD')
    return [...rest.matchAll(/(?:^|\s)--from=(\S+)/g)].map(([, name = '']) => unquoted(name));
  if (keyword !== 'RUN') return [];
  return [...rest.matchAll(/(?:^|\s)--mount=(\S+)/g)].flatMap(([, mount = '']) =>
    unquoted(mount)
      .split(',')
      .flatMap((option) => (option.startsWith('from=') ? [option.slice('from='.length)] : [])),
  );
};

/**
 * Stages of a Dockerfile and what they are made of, with the arguments of a build filled in.
 *
 * @throws {SlipwayError} DOCKERFILE_INVALID
 */
export const parseDockerfile = (text: string, { file, arch, args }: ParseOptions): Dockerfile => {
  const variables = new Map(platformArgs(arch));
  const stages: (Omit<Stage, 'instructions' | 'uses'> & { instructions: Instruction[]; uses: Use[] })[] = [];
  for (const instruction of parseInstructions(text, file)) {
    const { keyword, rest, line } = instruction;
    const stage = stages.at(-1);
    if (keyword === 'FROM') {
      const words = FROM.exec(rest)?.groups;
      if (words === undefined) throw invalid(file, line, `expected FROM IMAGE [AS NAME], found FROM ${rest}`);
      const image = unquoted(expand(words['image'] ?? '', variables));
      if (image === '')
        throw invalid(
          file,
          line,
          `expected an image, found FROM ${rest}, which is empty; give the argument a value under args`,
        );
      const platform = words['platform'] === undefined ? undefined : expand(words['platform'], variables);
      stages.push({
        name: words['name']?.toLowerCase(),
        instructions: [instruction],
        uses: [{ name: image, arch: archOf(platform, arch, file, line), line }],
      });
    } else if (stage !== undefined) {
      stage.instructions.push(instruction);
      for (const name of fromsOf(instruction)) stage.uses.push({ name, arch, line });
    } else if (keyword === 'ARG')
      for (const [name, value] of argsOf(rest))
        variables.set(name, args[name] ?? expand(value ?? variables.get(name) ?? '', variables));
    else throw invalid(file, line, `expected FROM before ${keyword}`);
  }
  if (stages.length === 0) throw invalid(file, 1, 'expected FROM, found no instruction');
  return { file, stages };
};

/** Index of the stage that a name stands for in the stages before another; undefined: it is an image. */
const stageBefore = ({ stages }: Dockerfile, name: string, before: number): number | undefined => {
  const found = stages.findLastIndex((stage, index) => index < before && stage.name === name.toLowerCase());
  if (found >= 0) return found;
  return /^\d+$/.test(name) && Number(name) < before ? Number(name) : undefined;
};

/**
 * Images that a target is made of, by the names that the Dockerfile has for them. Stages that it does not need do not
 * count: no engine runs them.
 *
 * @param target absent: the last stage
 * @throws {SlipwayError} DOCKERFILE_INVALID
 */
export const imagesOf = (dockerfile: Dockerfile, target: string | undefined): Use[] => {
  const { file, stages } = dockerfile;
  const last = target === undefined ? stages.length - 1 : stageBefore(dockerfile, target, stages.length);
  if (last === undefined)
    throw invalid(
      file,
      1,
      `expected a stage ${target ?? ''} for target, found ${stages.flatMap(({ name }) => name ?? []).join(', ') || 'no stage with a name'}`,
    );
  const images = new Map<string, Use>();
  const seen = new Set<number>();
  const visit = (index: number): void => {
    if (seen.has(index)) return;
    seen.add(index);
    for (const use of stages[index]?.uses ?? []) {
      const stage = stageBefore(dockerfile, use.name, index);
      if (stage !== undefined) visit(stage);
      else if (use.name !== 'scratch') images.set(`${use.name} ${use.arch}`, use);
    }
  };
  visit(last);
  return [...images.values()].sort((a, b) => (a.name === b.name ? 0 : a.name < b.name ? -1 : 1));
};
