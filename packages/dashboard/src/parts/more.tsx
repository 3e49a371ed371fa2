import { Button, Center, Text } from '@mantine/core';
import { counted } from './numbers.ts';

type MoreProps = {
  readonly query: {
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly fetchNextPage: () => unknown;
  };
  readonly shown: number;
  readonly what: string;
  readonly many?: string;
};

/** At the end of a list that is read page by page. */
export const More = ({ query, shown, what, many }: MoreProps) =>
  shown === 0 ? null : (
    <Center p="sm">
      {query.hasNextPage ? (
        <Button
          variant="default"
          size="xs"
          loading={query.isFetchingNextPage}
          onClick={() => query.fetchNextPage()}
        >
          Show more than these {counted(shown, what, many)}
        </Button>
      ) : (
        <Text size="sm" c="dimmed">
          {counted(shown, what, many)}; there are no more
        </Text>
      )}
    </Center>
  );
