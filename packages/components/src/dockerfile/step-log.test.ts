import { expect, test } from 'vitest';
import { parseDockerfile } from './parse-dockerfile.ts';
import { buildahLog, buildkitLog, type StepLog } from './step-log.ts';

const dockerfile = parseDockerfile(
  '# one\nFROM a AS build\nARG X\nRUN first\n\nFROM a\nCOPY --from=build /x /x\nRUN echo "b: c": \\\n  && exit 7\n',
  { file: 'Dockerfile', arch: 'amd64', args: {} },
);

const run = (log: StepLog, lines: readonly string[]) => {
  const steps = lines.flatMap((line) => log.push(line) ?? []);
  return { steps, ...log.failure() };
};

test('buildah: steps stand in the Dockerfile, and the last lines of the one that failed are kept', () => {
  const { steps, step, status, why, output } = run(buildahLog(dockerfile), [
    '[1/2] STEP 1/3: FROM oci:/work/bases/0:base AS build',
    '[1/2] STEP 2/3: ARG X',
    '[1/2] STEP 3/3: RUN first',
    'of the first',
    '[2/2] STEP 1/3: FROM oci:/work/bases/0:base',
    '[2/2] STEP 2/3: COPY --from=build /x /x',
    '[2/2] STEP 3/3: RUN echo "b: c":     && exit 7',
    ...Array.from({ length: 30 }, (_, index) => `line ${index}`),
    'subprocess exited with status 7',
    'Error: building at STEP "RUN echo "b: c":     && exit 7": while running runtime: exit status 7',
  ]);
  expect(steps.map(({ line }) => line)).toEqual([2, 3, 4, 6, 7, 8]);
  expect(steps[0]?.text).toBe('FROM a AS build');
  expect(step).toMatchObject({ number: 3, of: 3, line: 8 });
  expect(status).toBe(7);
  expect(why).toBe('');
  expect(output).toEqual(Array.from({ length: 20 }, (_, index) => `line ${index + 10}`));
});

test('buildah: what ends without a program of its own is told in its words', () => {
  const said = 'checking on sources under "/work/context": copier: stat: "/x": no such file or directory';
  expect(
    run(buildahLog(dockerfile), [
      'STEP 1/2: FROM a',
      'STEP 2/2: COPY /x /x',
      `Error: building at STEP "COPY /x /x": ${said}`,
    ]),
  ).toMatchObject({ status: undefined, why: said, step: { number: 2 } });
  expect(run(buildahLog(dockerfile), ['Error: creating build container: no room'])).toMatchObject({
    step: undefined,
    why: 'creating build container: no room',
  });
});

test('BuildKit: steps go side by side, and count as they stand in the Dockerfile', () => {
  const { steps, step, status, output } = run(buildkitLog(dockerfile), [
    '#0 building with "slipway" instance using remote driver',
    '#1 [internal] load build definition from Dockerfile',
    '#5 [context a] OCI load from client',
    '#6 [build 1/2] RUN first',
    '#7 [linux/amd64 stage-1 1/3] COPY --from=build /x /x',
    '#8 [stage-1 2/3] RUN echo "b: c":   && exit 7',
    '#6 0.101 of the first',
    '#8 0.212 b: c:',
    '#8 ERROR: process "/bin/sh -c exit 7" did not complete successfully: exit code: 7',
    '------',
    'Dockerfile:8',
    '--------------------',
    'ERROR: failed to solve: process "/bin/sh -c exit 7" did not complete successfully: exit code: 7',
  ]);
  expect(steps.map(({ line }) => line)).toEqual([4, 7, 8]);
  expect(steps[0]).toMatchObject({ number: 3, of: 3, text: 'RUN first' });
  expect(step).toMatchObject({ number: 3, of: 3, line: 8 });
  expect(status).toBe(7);
  expect(output).toEqual(['b: c:']);
});
