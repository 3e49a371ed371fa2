import { createTheme, type MantineColorsTuple } from '@mantine/core';

/** Water, dark enough on white for small text (4.5:1 from shade 7 on). */
const sea: MantineColorsTuple = [
  '#e6f7fb',
  '#d3ebf2',
  '#a8d6e4',
  '#7ac0d6',
  '#55aeca',
  '#3ea3c3',
  '#2f9dc0',
  '#0b6e8f',
  '#085d7a',
  '#044a63',
];

export const theme = createTheme({
  primaryColor: 'sea',
  primaryShade: { light: 7, dark: 7 },
  colors: { sea },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace',
  headings: { fontWeight: '650' },
  components: {
    Card: { defaultProps: { withBorder: true, padding: 'md', radius: 'md' } },
    Tooltip: {
      defaultProps: { withArrow: true, openDelay: 300, events: { hover: true, focus: true, touch: true } },
    },
    Modal: { defaultProps: { centered: true, closeButtonProps: { 'aria-label': 'Close' } } },
  },
});
