import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { styleNonce } from '../../nonce.ts';

/** How code looks, on light and on dark ground alike; each colour is read on both (4.5:1). */
const highlight = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'light-dark(#0b5c86, #74c0fc)' },
  { tag: [tags.string, tags.content], color: 'light-dark(#20242a, #dee2e6)' },
  { tag: tags.special(tags.string), color: 'light-dark(#20242a, #dee2e6)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'light-dark(#862e9c, #e599f7)' },
  { tag: [tags.comment, tags.lineComment], color: 'light-dark(#5c636a, #9aa1a8)', fontStyle: 'italic' },
  { tag: [tags.keyword, tags.typeName, tags.labelName], color: 'light-dark(#a03a00, #ffa94d)' },
  { tag: tags.invalid, color: 'light-dark(#b02525, #ff8787)' },
]);

const theme = EditorView.theme({
  '&': {
    fontSize: '13px',
    color: 'light-dark(#20242a, #dee2e6)',
    backgroundColor: 'light-dark(#ffffff, #16191c)',
  },
  '.cm-content': { fontFamily: 'var(--mantine-font-family-monospace)', caretColor: 'currentColor' },
  '.cm-cursor': { borderLeftColor: 'currentColor' },
  '.cm-gutters': {
    backgroundColor: 'light-dark(#f4f6f7, #1b1f23)',
    color: 'light-dark(#5c636a, #9aa1a8)',
    border: 'none',
  },
  '.cm-activeLine': { backgroundColor: 'light-dark(rgb(11 110 143 / 6%), rgb(122 192 214 / 8%))' },
  '.cm-activeLineGutter': { backgroundColor: 'light-dark(#e4ebef, #262c31)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'light-dark(#cfe5ee, #2b4651) !important',
  },
  '.cm-tooltip': {
    backgroundColor: 'light-dark(#ffffff, #22272b)',
    color: 'inherit',
    border: '1px solid light-dark(#ced4da, #424a52)',
    borderRadius: '6px',
  },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'light-dark(#0b6e8f, #0b6e8f)',
    color: '#ffffff',
  },
  '.cm-completionDetail': { opacity: 0.8, fontStyle: 'normal' },
  '.cm-completionInfo': { maxWidth: '340px', padding: '6px 10px' },
  '.cm-panels': { backgroundColor: 'light-dark(#f4f6f7, #1b1f23)', color: 'inherit' },
  '.cm-panel input, .cm-panel button': { fontSize: '13px' },
  '.cm-changedLine': { backgroundColor: 'light-dark(#e7f6ea, #16301d) !important' },
  '.cm-changedText': { background: 'light-dark(#cbf0d2, #1a3d22) !important' },
  '.cm-deletedChunk, .cm-deletedLine': { backgroundColor: 'light-dark(#fdf1f1, #371a1a) !important' },
  '.cm-deletedChunk .cm-deletedText, .cm-deletedText': {
    background: 'light-dark(#fbdcdc, #562020) !important',
  },
  '.cm-insertedLine, .cm-deletedLine del': { textDecoration: 'none' },
  '.cm-collapsedLines': {
    background: 'light-dark(#eef3f6, #20262b)',
    color: 'inherit',
    padding: '2px 8px',
  },
  // The library's sign is in few fonts.
  '.cm-collapsedLines:before, .cm-collapsedLines:after': { content: '"…"' },
});

/** Colours, highlighting, and the nonce that lets the editor add its styles under the policy of the page. */
export const look = (): Extension => [
  EditorView.cspNonce.of(styleNonce()),
  theme,
  syntaxHighlighting(highlight),
];
