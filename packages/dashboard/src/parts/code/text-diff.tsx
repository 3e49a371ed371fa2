import { unifiedMergeView } from '@codemirror/merge';
import { EditorState } from '@codemirror/state';
import { EditorView, lineNumbers } from '@codemirror/view';
import { Box } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { languageOf } from './language.ts';
import { look } from './look.ts';

type TextDiffProps = {
  /** of the file: says how it is highlighted */
  readonly path: string;
  readonly before: string;
  readonly after: string;
  readonly maxHeight?: number | string;
};

/** What changed from one text to another, line by line; what is the same is folded away. */
export default function TextDiff({ path, before, after, maxHeight = 480 }: TextDiffProps) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (place.current === null) return undefined;
    const view = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: after,
        extensions: [
          look(),
          lineNumbers(),
          languageOf(path),
          EditorState.readOnly.of(true),
          EditorView.editable.of(false),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': `Changes of ${path}`, tabindex: '0' }),
          unifiedMergeView({
            original: before,
            mergeControls: false,
            gutter: true,
            collapseUnchanged: { margin: 3, minSize: 6 },
          }),
        ],
      }),
    });
    return () => view.destroy();
  }, [path, before, after]);
  return (
    <Box
      ref={place}
      mah={maxHeight}
      style={{
        overflow: 'auto',
        border: '1px solid var(--mantine-color-default-border)',
        borderRadius: 'var(--mantine-radius-sm)',
      }}
    />
  );
}
