import 'uplot/dist/uPlot.min.css';
import './plot.css';
import { Box, useComputedColorScheme, VisuallyHidden } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import { localTime } from './times.ts';

export type Line = {
  readonly label: string;
  /** one value for each time; null: nothing is known */
  readonly values: readonly (number | null)[];
  /** a colour of CSS, seen on both grounds; absent: the next of a row of them */
  readonly color?: string;
};

type PlotProps = {
  /** what it shows, in a sentence that says the newest, too */
  readonly label: string;
  /** milliseconds since 1970, ascending */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly unit: (value: number) => string;
  readonly height?: number;
  /** where it begins and ends; absent: by the values */
  readonly range?: readonly [number, number];
  /** each line filled down to the one before, which needs values that are sums already */
  readonly isFilled?: boolean;
};

/** Told apart by people who see few colours; on light and on dark ground. */
export const LINE_COLORS = [
  '#1c7ed6',
  '#e8590c',
  '#2f9e44',
  '#9c36b5',
  '#c2255c',
  '#0c8599',
  '#a07000',
  '#5f6b76',
];
const colorOf = (line: Line, at: number): string =>
  line.color ?? LINE_COLORS[at % LINE_COLORS.length] ?? '#1c7ed6';

/** Values over time. Whoever does not see it is read the sentence, and finds the newest values in a list. */
export const Plot = ({ label, times, lines, unit, height = 160, range, isFilled = false }: PlotProps) => {
  const { ref: sized, width } = useElementSize<HTMLDivElement>();
  const target = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme('light');
  useEffect(() => {
    if (target.current === null || width === 0) return undefined;
    const ink = scheme === 'dark' ? '#c9c9c9' : '#495057';
    const grid = { stroke: scheme === 'dark' ? '#3b3b3b' : '#e9ecef', width: 1 };
    const plot = new UPlot(
      {
        width,
        height,
        cursor: { y: false, drag: { x: false, y: false } },
        legend: { live: true, show: lines.length > 1 },
        scales: range === undefined ? {} : { y: { range: [range[0], range[1]] } },
        axes: [
          { stroke: ink, grid, ticks: grid },
          {
            stroke: ink,
            grid,
            ticks: grid,
            size: 64,
            values: (_, splits) => splits.map((value) => unit(value)),
          },
        ],
        series: [
          { label: 'time', value: (_, value) => (value === null ? '–' : localTime(new Date(value * 1000))) },
          ...lines.map((line, at): UPlot.Series => {
            const color = colorOf(line, at);
            return {
              label: line.label,
              stroke: color,
              width: 2,
              points: { show: false },
              value: (_, value) => (value === null ? '–' : unit(value)),
              ...(isFilled ? { fill: `${color}33` } : {}),
            };
          }),
        ],
      },
      [times.map((time) => time / 1000), ...lines.map(({ values }) => [...values])],
      target.current,
    );
    return () => plot.destroy();
  }, [width, height, scheme, times, lines, range, unit, isFilled]);
  return (
    <Box ref={sized} className="slipway-plot">
      <div role="img" aria-label={label} ref={target} style={{ minHeight: height }} />
      <VisuallyHidden>
        <ul>
          {lines.map(({ label: name, values }) => {
            const newest = values.findLast((value) => value !== null);
            return (
              <li key={name}>
                {name}: {newest === undefined || newest === null ? 'unknown' : unit(newest)}
              </li>
            );
          })}
        </ul>
      </VisuallyHidden>
    </Box>
  );
};
