import { Skeleton, Stack } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Failure } from './failure.tsx';

type LoadedProps<T> = {
  readonly query: UseQueryResult<T>;
  /** what could not be read, if so */
  readonly title?: string;
  /** of the size of what comes, so that nothing jumps; absent: some lines */
  readonly skeleton?: ReactNode;
  readonly children: (data: T) => ReactNode;
};

/** What a query gave, or that it is on its way, or why it did not come. What was there stays while it is read anew. */
export const Loaded = <T,>({ query, title, skeleton, children }: LoadedProps<T>) => {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error !== null)
    return (
      <Failure
        error={query.error}
        retry={() => void query.refetch()}
        {...(title === undefined ? {} : { title })}
      />
    );
  return <>{skeleton ?? <Lines count={4} />}</>;
};

export const Lines = ({ count, height = 20 }: { readonly count: number; readonly height?: number }) => (
  <Stack gap="xs" aria-busy aria-label="Loading">
    {Array.from({ length: count }, (_, at) => (
      <Skeleton key={at} height={height} />
    ))}
  </Stack>
);
