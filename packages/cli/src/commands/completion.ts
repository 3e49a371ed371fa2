import { FORMATS } from '@slipway/image/formats';
import { Arch, OnFailure } from '@slipway/protocol';
import { Argument, type Command } from 'commander';
import { z } from 'zod';
import { PROGRESS, SBOMS } from '../build-options.ts';
import { leaf, word, type MakeContext } from '../command.ts';
import { COMPLETED } from './complete.ts';
import { FAIL_ON } from './lint.ts';

type Words = {
  readonly path: string;
  readonly names: readonly string[];
  readonly options: readonly string[];
  /** what each argument is, if the server knows names of it */
  readonly kinds: readonly string[];
};

/** What may follow each command, by its path: commands below it and choices of its arguments, and options. */
const wordsBelow = (command: Command, path: string): Words[] => {
  const options = command.options.map(({ long }) => long ?? '').filter((long) => long !== '');
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  const names = [...command.commands.map((child) => child.name()), ...choices];
  return [
    { path, names, options: [...options, '--help'], kinds: kindsOf(command) },
    ...command.commands.flatMap((child) =>
      [child.name(), ...child.aliases()].flatMap((name) =>
        wordsBelow(child, path === '' ? name : `${path} ${name}`),
      ),
    ),
  ];
};

/** A word for each argument; `-` where nobody knows names. */
const kindsOf = ({ registeredArguments }: Command): string[] => {
  const kinds = registeredArguments.map((argument) =>
    COMPLETED.includes(argument.name()) ? argument.name() : '-',
  );
  return kinds.some((kind) => kind !== '-') ? kinds : [];
};

/** What may follow an option, whatever the command. */
type Values = Readonly<Record<string, readonly string[]>>;

const bash = (program: Command, values: Values): string => {
  const below = wordsBelow(program, '');
  const cases = below.map(
    ({ path, names, options, kinds }) =>
      `    '${path}') names='${names.join(' ')}' options='${options.join(' ')}'${kinds.length === 0 ? '' : ` kinds='${kinds.join(' ')}'`} ;;`,
  );
  const ofOptions = Object.entries(values).map(
    ([option, words]) =>
      `    ${option}) COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$current")); return ;;`,
  );
  return `_slipway() {
  local word known path='' next names='' options='' kinds='' given=0 current="\${COMP_WORDS[COMP_CWORD]}"
  local paths=(${below.map(({ path }) => `'${path}'`).join(' ')})
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
${ofOptions.join('\n')}
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    for known in "\${paths[@]}"; do [[ "$known" == "$next" ]] && path="$next" word='' given=0; done
    [[ -n "$word" && "$word" != -* ]] && given=$((given + 1))
  done
  case "$path" in
${cases.join('\n')}
  esac
  if [[ "$current" == -* ]]; then names="$options"
  elif [[ -n "$kinds" ]]; then
    kinds=($kinds)
    [[ $given -ge \${#kinds[@]} ]] && given=$((\${#kinds[@]} - 1))
    [[ "\${kinds[$given]}" != - ]] && names="$("\${COMP_WORDS[0]}" complete "\${kinds[$given]}" "$current" 2>/dev/null)"
  fi
  COMPREPLY=($(compgen -W "$names" -- "$current"))
  [[ \${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- "$current"))
}
complete -o filenames -F _slipway slipway`;
};

const zsh = (program: Command, values: Values): string =>
  `autoload -U +X bashcompinit && bashcompinit\n${bash(program, values)}`;

const knownValues = (): Values => ({
  '-f|--format': FORMATS,
  '--arch': Arch.options,
  '--sbom': [...SBOMS, 'none'],
  '--progress': PROGRESS,
  '--on-failure': OnFailure.options,
  '--fail-on': FAIL_ON,
});

export const completionCommand = (program: Command, makeContext: MakeContext): void => {
  leaf(program, makeContext, {
    usage: 'completion',
    summary: 'print a script that completes words; try: source <(slipway completion bash)',
    options: z.object({}),
    build: (command) => command.addArgument(new Argument('<shell>', 'your shell').choices(['bash', 'zsh'])),
    run: async (context, words) =>
      context.out((word(words, 0) === 'zsh' ? zsh : bash)(program, knownValues())),
  });
};
