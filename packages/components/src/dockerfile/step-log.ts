import type { Dockerfile } from './parse-dockerfile.ts';

/** A step of an engine, and where it stands in the Dockerfile. */
export type Step = {
  readonly number: number;
  /** of its stage */
  readonly of: number;
  readonly text: string;
  /** undefined: the engine does something that nobody wrote */
  readonly line: number | undefined;
};

export type StepFailure = {
  /** undefined: it failed before the first one */
  readonly step: Step | undefined;
  /** of the program that a RUN ran */
  readonly status: number | undefined;
  /** what the engine says of it; empty: no more than the status */
  readonly why: string;
  /** the last lines of what the step said */
  readonly output: readonly string[];
};

/** What an engine writes, understood as it comes. */
export type StepLog = {
  /** @returns the step that begins with this line */
  readonly push: (line: string) => Step | undefined;
  /** once the engine has ended without success */
  readonly failure: () => StepFailure;
};

const KEPT_LINES = 20;

const BUILDAH_STEP = /^(?:\[(\d+)\/\d+\] )?STEP (\d+)\/(\d+): (.*)$/;
const BUILDAH_ERROR = /^Error: (?:building at STEP ".*?": )?(.*)$/;
/** What buildah says of itself between the lines of a RUN. */
const BUILDAH_NOISE = /^(?:subprocess exited|Getting image source|Copying (?:blob|config)|Writing manifest)/;

export const buildahLog = ({ stages }: Dockerfile): StepLog => {
  let step: Step | undefined;
  let output: string[] = [];
  let said = '';
  let error = '';
  return {
    push: (line) => {
      const [, stage = '1', number = '', of = '', text = ''] = BUILDAH_STEP.exec(line) ?? [];
      if (number === '') {
        if (line.startsWith('Error: '))
          error = line.startsWith(`Error: building at STEP "${said}": `)
            ? line.slice(`Error: building at STEP "${said}": `.length)
            : (BUILDAH_ERROR.exec(line)?.[1] ?? '');
        else if (!BUILDAH_NOISE.test(line)) output = [...output, line].slice(-KEPT_LINES);
        return undefined;
      }
      output = [];
      const written = stages[Number(stage) - 1]?.instructions[Number(number) - 1];
      said = text;
      step = {
        number: Number(number),
        of: Number(of),
        // As it stands in the Dockerfile, not as the engine was told to read it.
        text: written === undefined ? text : `${written.keyword} ${written.rest}`,
        line: written?.line,
      };
      return step;
    },
    failure: () => {
      const status = /(?:^|: )exit status (\d+)$/.exec(error)?.[1];
      return {
        step,
        status: status === undefined ? undefined : Number(status),
        why: status === undefined ? error : '',
        output,
      };
    },
  };
};

/** Platform and stage are there only where there are several. */
const BUILDKIT_STEP = /^#(\d+) \[(?:\S+\/\S+ )?(?:(\S+) )?(\d+)\/(\d+)\] (.*)$/;
/** What BuildKit numbers; FROM only where it fetches the image itself. */
const BUILDKIT_NUMBERED = ['RUN', 'COPY', 'ADD', 'WORKDIR'];
const BUILDKIT_OUTPUT = /^#(\d+) [\d.]+ (.*)$/;
const BUILDKIT_LINE = /^\S+:(\d+)$/;
const BUILDKIT_ERROR = /^(?:error: failed to solve: |ERROR: failed to solve: )(.*)$/;

/** What `docker-buildx build --progress plain` writes: steps go side by side, each line says of which it is. */
export const buildkitLog = ({ stages }: Dockerfile): StepLog => {
  const steps = new Map<string, Step>();
  const outputs = new Map<string, string[]>();
  let failed: string | undefined;
  let lineOfError: number | undefined;
  let error = '';
  /** A step by its number among all instructions of its stage, FROM and ENV too; undefined: BuildKit made it up. */
  const written = (name: string | undefined, number: number): Step | undefined => {
    const index = /^stage-(\d+)$/.exec(name ?? '')?.[1];
    const named =
      index === undefined
        ? stages.find((stage) => stage.name === name?.toLowerCase())
        : stages[Number(index)];
    const { instructions = [] } = named ?? stages.at(-1) ?? {};
    const found = instructions.filter(({ keyword }) => BUILDKIT_NUMBERED.includes(keyword))[number - 1];
    if (found === undefined) return undefined;
    const { keyword, rest, line } = found;
    return {
      number: instructions.indexOf(found) + 1,
      of: instructions.length,
      text: `${keyword} ${rest}`,
      line,
    };
  };
  return {
    push: (line) => {
      const [, id = '', stage, number = '', of = '', text = ''] = BUILDKIT_STEP.exec(line) ?? [];
      if (id !== '' && !steps.has(id)) {
        const step = written(stage, Number(number)) ?? {
          number: Number(number),
          of: Number(of),
          text,
          line: undefined,
        };
        steps.set(id, step);
        return step;
      }
      failed = /^#(\d+) ERROR: /.exec(line)?.[1] ?? failed;
      error = BUILDKIT_ERROR.exec(line)?.[1] ?? error;
      if (failed !== undefined) lineOfError ??= Number(BUILDKIT_LINE.exec(line)?.[1] ?? '') || undefined;
      const [, of_ = '', said = ''] = BUILDKIT_OUTPUT.exec(line) ?? [];
      if (of_ !== '') outputs.set(of_, [...(outputs.get(of_) ?? []), said].slice(-KEPT_LINES));
      return undefined;
    },
    failure: () => {
      const status = /exit code: (\d+)$/.exec(error)?.[1];
      const step = steps.get(failed ?? '');
      return {
        step: step === undefined ? undefined : { ...step, line: lineOfError ?? step.line },
        status: status === undefined ? undefined : Number(status),
        why: status === undefined ? error : '',
        output: outputs.get(failed ?? '') ?? [],
      };
    },
  };
};
