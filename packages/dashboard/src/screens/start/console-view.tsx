import { Box } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { api } from '../../api.ts';
import { appendPiece } from './console-text.ts';

/** Nearer to the end than that counts as being there: whoever reads on is not pulled away from what they read. */
const NEAR_PX = 30;

/** What a virtual device prints, as it prints it. */
export const ConsoleView = ({ id }: { readonly id: string }) => {
  const [text, setText] = useState('');
  const box = useRef<HTMLPreElement>(null);
  const isAtEnd = useRef(true);

  useEffect(() => {
    const stop = new AbortController();
    setText('');
    const follow = async (): Promise<void> => {
      for await (const piece of api.virtualDevices.streamConsole(id, { signal: stop.signal }))
        setText((before) => appendPiece(before, piece.text));
    };
    // Whoever looks sees that it has ended; the state of the device says why.
    follow().catch(() => undefined);
    return () => stop.abort();
  }, [id]);

  useEffect(() => {
    if (isAtEnd.current && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);

  return (
    <Box
      component="pre"
      ref={box}
      tabIndex={0}
      role="log"
      aria-label={`Console of ${id}`}
      className="slipway-console"
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_PX;
      }}
    >
      {text === '' ? 'Nothing is printed yet …' : text}
    </Box>
  );
};
