import {
  autocompletion,
  closeBrackets,
  completionKeymap,
  type CompletionSource,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { bracketMatching, indentOnInput } from '@codemirror/language';
import { lintGutter, lintKeymap, linter, type Diagnostic } from '@codemirror/lint';
import { search, searchKeymap } from '@codemirror/search';
import { EditorState } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import type { RepositoryProblem } from '@slipway/protocol';
import { useEffect, useEffectEvent, useRef } from 'react';
import { languageOf } from '../../parts/code/language.ts';
import { look } from '../../parts/code/look.ts';
import { keysAt, valuesAt, type Word } from './schema-words.ts';
import { placeAt } from './yaml-place.ts';

type EditorProps = {
  readonly path: string;
  /** what is in it at first; another path or another `key` makes another editor */
  readonly text: string;
  readonly isReadOnly: boolean;
  readonly schema: Readonly<Record<string, unknown>> | undefined;
  readonly check: (text: string) => Promise<readonly RepositoryProblem[]>;
  readonly onChange: (text: string) => void;
  readonly onSave: () => void;
};

const CHECK_AFTER_MS = 500;

/** A file of the image repository: highlighted, checked by the server as it is written, completed from its schema. */
export default function Editor({ path, text, isReadOnly, schema, check, onChange, onSave }: EditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const changed = useEffectEvent(onChange);
  const save = useEffectEvent(onSave);
  const checked = useEffectEvent(check);
  const first = useRef(text);
  useEffect(() => {
    if (place.current === null) return undefined;
    const diagnose = async (view: EditorView): Promise<readonly Diagnostic[]> =>
      (await checked(view.state.doc.toString())).map((problem) => toDiagnostic(problem, path, view.state));
    const view = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: first.current,
        extensions: [
          look(),
          languageOf(path),
          lineNumbers(),
          highlightActiveLineGutter(),
          highlightActiveLine(),
          drawSelection(),
          history(),
          indentOnInput(),
          bracketMatching(),
          closeBrackets(),
          search({ top: true }),
          lintGutter(),
          linter(diagnose, { delay: CHECK_AFTER_MS }),
          autocompletion({ override: [completionsOf(schema)] }),
          EditorState.tabSize.of(2),
          EditorState.readOnly.of(isReadOnly),
          EditorView.contentAttributes.of({ 'aria-label': `Text of ${path}`, tabindex: '0' }),
          EditorView.updateListener.of(({ docChanged, state }) => {
            if (docChanged) changed(state.doc.toString());
          }),
          keymap.of([
            {
              key: 'Mod-s',
              preventDefault: true,
              run: () => {
                save();
                return true;
              },
            },
            ...completionKeymap,
            ...searchKeymap,
            ...lintKeymap,
            ...historyKeymap,
            ...defaultKeymap,
            indentWithTab,
          ]),
        ],
      }),
    });
    return () => view.destroy();
  }, [path, isReadOnly, schema]);
  return <div ref={place} className="repository-editor" />;
}

const toDiagnostic = (problem: RepositoryProblem, path: string, state: EditorState): Diagnostic => {
  const { file, key, message, suggestion, allowed } = problem;
  const isHere = file === path;
  const line = state.doc.line(Math.min(isHere ? Math.max(1, problem.line) : 1, state.doc.lines));
  const from = Math.min(line.to, line.from + (isHere ? problem.column - 1 : 0));
  const word = /^[^\s:,\]}]+/.exec(state.doc.sliceString(from, line.to))?.[0].length ?? 0;
  const more = [
    ...(suggestion === undefined ? [] : [`Did you mean ${suggestion}?`]),
    ...(allowed === undefined ? [] : [`Allowed: ${allowed.join(', ')}.`]),
  ];
  return {
    from,
    to: Math.min(line.to, from + Math.max(1, word)),
    severity: 'error',
    message: [`${isHere ? '' : `${file}: `}${key === '' ? '' : `${key}: `}${message}`, ...more].join(' '),
  };
};

/** What may be written here, from the schema of the file. */
const completionsOf =
  (schema: EditorProps['schema']): CompletionSource =>
  ({ state, pos, explicit }) => {
    const found = schema === undefined ? undefined : placeAt(state.doc.toString(), pos);
    if (schema === undefined || found === undefined || (!explicit && found.from === pos)) return null;
    const { path, what, from, siblings } = found;
    const toOption =
      (apply: (label: string) => string) =>
      ({ label, type, about }: Word) => ({
        label,
        detail: type,
        apply: apply(label),
        ...(about === undefined ? {} : { info: about }),
      });
    const options =
      what === 'value'
        ? valuesAt(schema, path).map(toOption((label) => label))
        : keysAt(schema, path)
            .filter(({ label }) => !siblings.includes(label))
            .map(toOption((label) => `${label}: `));
    return options.length === 0 ? null : { from, options, validFor: /^[\w.-]*$/ };
  };
