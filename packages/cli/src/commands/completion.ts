import { Argument, type Command } from 'commander';
import { z } from 'zod';
import { leaf, word, type MakeContext } from '../command.ts';

type Words = { readonly path: string; readonly words: readonly string[] };

/** What may follow each command, by its path. */
const wordsBelow = (command: Command, path: string): Words[] => {
  const options = command.options.map(({ long }) => long ?? '').filter((long) => long !== '');
  const names = command.commands.map((child) => child.name());
  return [
    { path, words: [...names, ...options, '--help'] },
    ...command.commands.flatMap((child) =>
      wordsBelow(child, path === '' ? child.name() : `${path} ${child.name()}`),
    ),
  ];
};

const bash = (program: Command): string => {
  const cases = wordsBelow(program, '').map(
    ({ path, words }) => `    '${path}') words='${words.join(' ')}' ;;`,
  );
  const paths = wordsBelow(program, '').map(({ path }) => `'${path}'`);
  return `_slipway() {
  local word path='' next words='' current="\${COMP_WORDS[COMP_CWORD]}"
  local paths=(${paths.join(' ')})
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    for known in "\${paths[@]}"; do [[ "$known" == "$next" ]] && path="$next"; done
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ \${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- "$current"))
}
complete -o filenames -F _slipway slipway`;
};

const zsh = (program: Command): string => `autoload -U +X bashcompinit && bashcompinit\n${bash(program)}`;

export const completionCommand = (program: Command, makeContext: MakeContext): void => {
  leaf(program, makeContext, {
    usage: 'completion',
    summary: 'print a script that completes words; try: source <(slipway completion bash)',
    options: z.object({}),
    build: (command) => command.addArgument(new Argument('<shell>', 'your shell').choices(['bash', 'zsh'])),
    run: async (context, words) => context.out(word(words, 0) === 'zsh' ? zsh(program) : bash(program)),
  });
};
