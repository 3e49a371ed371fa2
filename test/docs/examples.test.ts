import { expect, test } from 'vitest';
import { outputPattern, stepsOf, tidyOutput } from './examples.ts';

const PAGE = `
\`\`\`yaml file=edge.yml
kernel: {}
\`\`\`

\`\`\`yaml
not: written
\`\`\`

1. In a list:

   \`\`\`sh
   slipway build edge.yml
   \`\`\`

   prints

   \`\`\`text
   done in … s
   \`\`\`

\`\`\`\`md
\`\`\`sh
only shown
\`\`\`
\`\`\`\`

\`\`\`sh
true
\`\`\`

\`\`\`sh server
slipway status
\`\`\`
`;

test('commands, files and outputs of a page are found in their order', () => {
  expect(stepsOf(PAGE)).toEqual([
    { type: 'file', line: 2, path: 'edge.yml', text: 'kernel: {}\n' },
    { type: 'run', line: 12, script: 'slipway build edge.yml\n', output: 'done in … s\n' },
    { type: 'run', line: 28, script: 'true\n', output: undefined },
    { type: 'run', line: 32, script: 'slipway status\n', output: undefined, server: true },
  ]);
});

test.each([
  ['size … bytes', 'size 12 bytes', true],
  ['size … bytes', 'size 12 byte', false],
  ['first\n…\nlast', 'first\na\nb\nlast\n', true],
  ['first\n…\nlast', 'first\nlast\n', true],
  ['…\nlast\n…', 'last\n', true],
  ['…\nlast\n…', 'the last\n', false],
  ['size … bytes', 'size\n12 bytes', false],
  ['a.b', 'axb', false],
  ['name  …     rest', 'name  1  rest', true],
  ['exact', 'exact\nand more', false],
])('%j against %j', (shown, printed, fits) => {
  expect(outputPattern(shown).test(tidyOutput(printed))).toBe(fits);
});
