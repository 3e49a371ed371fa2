import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  startCompletion,
  type Completion,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { setDiagnostics } from '@codemirror/lint';
import { EditorState, Prec } from '@codemirror/state';
import { EditorView, keymap, placeholder } from '@codemirror/view';
import { ActionIcon, Box, Group, Text, Tooltip } from '@mantine/core';
import { SlipwayError, type QueryField } from '@slipway/protocol';
import { IconFilter, IconX } from '@tabler/icons-react';
import { useEffect, useEffectEvent, useRef } from 'react';
import { styleNonce } from '../../nonce.ts';
import { completeQuery, spanOfFault, type Suggestion } from './complete-query.ts';

const PAUSE_MS = 400;

const TYPES = { field: 'property', operator: 'operator', value: 'constant', word: 'keyword' } as const;

const optionOf = ({ text, about, kind }: Suggestion): Completion => ({
  label: text,
  type: TYPES[kind],
  ...(about === undefined ? {} : { detail: about }),
  apply: (view, _completion, from, to) => {
    // What follows begins after a space, and is suggested at once; a family of fields wants its name first.
    const insert = text.endsWith('.') || text === '(' ? text : `${text} `;
    view.dispatch({
      changes: { from, to, insert },
      selection: { anchor: from + insert.length },
      userEvent: 'input.complete',
    });
    startCompletion(view);
  },
});

export type QueryFault = { readonly message: string; readonly from: number; readonly to: number };

/** What the server says of a query that it does not understand; undefined: it is another error, or none. */
export const faultOf = (query: string, error: unknown): QueryFault | undefined => {
  if (!(error instanceof SlipwayError) || error.code !== 'QUERY_INVALID') return undefined;
  const { line, column, length } = error.details ?? {};
  const place =
    typeof line === 'number' && typeof column === 'number' && typeof length === 'number'
      ? spanOfFault(query, { line, column, length })
      : { from: 0, to: query.length };
  // The lines below it show the place, which is underlined here; all that there is stands in the suggestions.
  const message = (error.message.split('\n')[0] ?? '')
    .replace(/^Line \d+, column \d+: /, '')
    .replace(/ (?:Fields|Metrics|Types) are .*$/, '');
  return { message: message.charAt(0).toUpperCase() + message.slice(1), ...place };
};

type QueryBarProps = {
  readonly value: string;
  readonly onChange: (query: string) => void;
  readonly fields: readonly QueryField[];
  readonly fault: QueryFault | undefined;
  readonly id: string;
};

/** One line in the language of queries: suggests what can stand there, and underlines what the server did not understand. */
export const QueryBar = ({ value, onChange, fields, fault, id }: QueryBarProps) => {
  const parent = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const known = useRef(fields);
  const pause = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    known.current = fields;
  }, [fields]);
  const tell = useEffectEvent(onChange);
  const first = useEffectEvent(() => value);

  useEffect(() => {
    if (parent.current === null) return undefined;
    const say = (text: string): void => {
      clearTimeout(pause.current);
      tell(text.trim());
    };
    const editor = new EditorView({
      parent: parent.current,
      state: EditorState.create({
        doc: first(),
        extensions: [
          EditorView.cspNonce.of(styleNonce()),
          // One line: whatever is pasted.
          EditorState.transactionFilter.of((transaction) =>
            transaction.newDoc.lines > 1 ? [] : transaction,
          ),
          history(),
          closeBrackets(),
          autocompletion({
            icons: false,
            override: [
              ({ state, pos }) => {
                const found = completeQuery(state.doc.toString(), pos, known.current);
                return found === undefined
                  ? null
                  : { from: found.from, options: found.options.map(optionOf), validFor: /^[^\s()=<>~,"']*$/ };
              },
            ],
          }),
          Prec.highest(
            keymap.of([
              { key: 'Tab', run: acceptCompletion },
              { key: 'Mod-Enter', run: ({ state }) => (say(state.doc.toString()), true) },
            ]),
          ),
          keymap.of([
            { key: 'Enter', run: ({ state }) => (say(state.doc.toString()), true) },
            ...defaultKeymap,
            ...historyKeymap,
          ]),
          placeholder('All devices. Try alarm = offline'),
          EditorView.contentAttributes.of({
            'aria-label': 'Query',
            'aria-describedby': `${id}-fault`,
            spellcheck: 'false',
          }),
          EditorView.updateListener.of(({ docChanged, state, view: updated }) => {
            if (!docChanged) return;
            clearTimeout(pause.current);
            pause.current = setTimeout(() => say(updated.state.doc.toString()), PAUSE_MS);
            void state;
          }),
        ],
      }),
    });
    view.current = editor;
    return () => {
      clearTimeout(pause.current);
      editor.destroy();
    };
  }, [id]);

  useEffect(() => {
    const editor = view.current;
    if (editor === undefined || editor.state.doc.toString().trim() === value) return;
    clearTimeout(pause.current);
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
  }, [value]);

  useEffect(() => {
    const editor = view.current;
    if (editor === undefined) return;
    const end = editor.state.doc.length;
    const marks =
      fault === undefined || end === 0
        ? []
        : [
            {
              from: Math.min(fault.from, end - 1),
              to: Math.min(Math.max(fault.to, fault.from + 1), end),
              severity: 'error' as const,
              message: fault.message,
            },
          ];
    editor.dispatch(setDiagnostics(editor.state, marks));
  }, [fault]);

  return (
    <Box>
      <Group
        className="slipway-query"
        data-invalid={fault !== undefined}
        gap={8}
        wrap="nowrap"
        pl={10}
        pr={4}
      >
        <IconFilter size={16} aria-hidden style={{ flexShrink: 0 }} />
        <Box ref={parent} flex={1} miw={0} />
        {value === '' ? null : (
          <Tooltip label="Show all devices">
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label="Clear the query"
              onClick={() => onChange('')}
            >
              <IconX size={16} />
            </ActionIcon>
          </Tooltip>
        )}
      </Group>
      <Text
        id={`${id}-fault`}
        size="xs"
        mih={18}
        mt={2}
        c={
          fault === undefined
            ? 'dimmed'
            : 'light-dark(var(--mantine-color-red-9), var(--mantine-color-red-4))'
        }
        role="status"
      >
        {fault?.message ?? 'Ctrl Space suggests, Tab takes what is suggested.'}
      </Text>
    </Box>
  );
};
