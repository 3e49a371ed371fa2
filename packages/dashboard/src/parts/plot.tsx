import 'uplot/dist/uPlot.min.css';
import './plot.css';
import { Box, useComputedColorScheme, VisuallyHidden } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useEffectEvent, useRef, useState } from 'react';
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

/** Hours of the day as they are shown elsewhere, and the day where it changes. */
const TIME_AXIS: UPlot.Axis.Values = [
  [86_400 * 28, '{YYYY}-{MM}', null, null, null, null, null, null, 1],
  [86_400, '{D} {MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [60, '{HH}:{mm}', '\n{D} {MMM}', null, '\n{D} {MMM}', null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', '\n{D} {MMM}', null, '\n{D} {MMM}', null, null, null, 1],
];

type Data = Pick<PlotProps, 'times' | 'lines'>;
const dataOf = ({ times, lines }: Data): UPlot.AlignedData => [
  times.map((time) => time / 1000),
  ...lines.map(({ values }) => [...values]),
];
/** While nobody points at a time, the legend tells the newest values. */
const showNewest = (plot: UPlot): void => {
  const { idx } = plot.cursor;
  const newest = plot.data[0].length - 1;
  if ((idx === null || idx === undefined) && newest >= 0) plot.setLegend({ idx: newest }, false);
};

/** Values over time. Whoever does not see it is read the sentence, and finds the newest values in a list. */
export const Plot = ({ label, times, lines, unit, height = 160, range, isFilled = false }: PlotProps) => {
  const { ref: sized, width } = useElementSize<HTMLDivElement>();
  const target = useRef<HTMLDivElement>(null);
  const [plot, setPlot] = useState<UPlot>();
  const scheme = useComputedColorScheme('light');
  const [from, to] = range ?? [];
  const told = useEffectEvent((value: number | null) => (value === null ? '–' : unit(value)));
  const begin = useEffectEvent((element: HTMLElement): UPlot => {
    const ink = scheme === 'dark' ? '#c9c9c9' : '#495057';
    const grid = { stroke: scheme === 'dark' ? '#3b3b3b' : '#e9ecef', width: 1 };
    return new UPlot(
      {
        width,
        height,
        cursor: { y: false, drag: { x: false, y: false } },
        legend: { live: true, show: lines.length > 1 },
        scales: from === undefined || to === undefined ? {} : { y: { range: [from, to] } },
        axes: [
          { stroke: ink, grid, ticks: grid, values: TIME_AXIS },
          {
            stroke: ink,
            grid,
            ticks: grid,
            size: 64,
            values: (_, splits) => splits.map((value) => told(value)),
          },
        ],
        series: [
          { label: 'Time', value: (_, value) => (value === null ? '–' : localTime(new Date(value * 1000))) },
          ...lines.map((line, at): UPlot.Series => {
            const color = colorOf(line, at);
            return {
              label: line.label,
              stroke: color,
              width: 2,
              points: { show: false },
              value: (_, value) => told(value),
              ...(isFilled ? { fill: `${color}33` } : {}),
            };
          }),
        ],
        hooks: { ready: [showNewest], setCursor: [showNewest] },
      },
      dataOf({ times, lines }),
      element,
    );
  });
  // New values are put into the plot that is there: whoever points at it goes on pointing.
  const looks = JSON.stringify(lines.map((line, at) => [line.label, colorOf(line, at)]));
  useEffect(() => {
    if (target.current === null || width === 0) return undefined;
    const made = begin(target.current);
    setPlot(made);
    return () => {
      setPlot(undefined);
      made.destroy();
    };
  }, [width, height, scheme, looks, from, to, isFilled]);
  useEffect(() => {
    if (plot === undefined) return;
    plot.setData(dataOf({ times, lines }));
    showNewest(plot);
  }, [plot, times, lines]);
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
