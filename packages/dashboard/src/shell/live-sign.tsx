import { Box, Indicator, VisuallyHidden } from '@mantine/core';
import { useLiveState, type LiveState } from '../live/live.tsx';

const SIGNS: Readonly<Record<LiveState, { readonly color: string; readonly text: string }>> = {
  connecting: { color: 'gray', text: 'Connecting to the server' },
  live: { color: 'green', text: 'Live: changes are shown as they happen' },
  offline: { color: 'red', text: 'The connection is lost; what you see may be old. Trying again.' },
};

/** Whether what is shown keeps itself true. */
export const LiveSign = () => {
  const { color, text } = SIGNS[useLiveState()];
  return (
    <Box role="status" title={text} p={8} lh={0}>
      <Indicator color={color} size={9} position="middle-center" processing={color === 'red'}>
        <Box w={9} h={9} />
      </Indicator>
      <VisuallyHidden>{text}</VisuallyHidden>
    </Box>
  );
};
