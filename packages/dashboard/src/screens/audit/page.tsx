import { Button, Stack } from '@mantine/core';
import { IconListCheck } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { api } from '../../api.ts';
import { Empty } from '../../parts/empty.tsx';
import { Failure } from '../../parts/failure.tsx';
import { More } from '../../parts/more.tsx';
import { Page } from '../../parts/page.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Chain } from './chain.tsx';
import { Entries } from './entries.tsx';
import { toQuery, type Filter } from './filter.ts';
import { FilterBar } from './filter-bar.tsx';

const PAGE = 100;

export default function AuditPage() {
  const [search, setSearch] = useSearchParams();
  const filter = useMemo(
    (): Filter => ({
      actor: search.get('actor') ?? '',
      action: search.get('action') ?? '',
      subject: search.get('subject') ?? '',
      when: search.get('when') ?? '',
      since: search.get('since') ?? '',
      until: search.get('until') ?? '',
    }),
    [search],
  );
  const change = (changed: Partial<Filter>): void =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        for (const [name, value] of Object.entries(changed)) {
          if (value === '') next.delete(name);
          else next.set(name, value);
        }
        return next;
      },
      { replace: true },
    );
  const isFiltered = Object.values(filter).some((value) => value !== '');
  const query = useInfiniteQuery({
    queryKey: ['audit', 'entries', filter],
    queryFn: ({ pageParam, signal }) =>
      api.audit.list({ ...toQuery(filter, Date.now()), limit: PAGE }, { signal }).page(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
  });
  const entries = query.data?.pages.flatMap(({ items }) => items);
  return (
    <Page title="Audit" about="Who changed what, and when. Nothing in it can be altered unnoticed.">
      <Chain />
      <Panel title="Entries" isFlush>
        <Stack gap={0}>
          <FilterBar filter={filter} change={change} />
          {query.error === null ? (
            <Entries
              entries={entries}
              empty={
                <Empty
                  icon={IconListCheck}
                  title={isFiltered ? 'No entry is like that' : 'Nothing was changed yet'}
                  action={
                    isFiltered ? (
                      <Button variant="default" onClick={() => setSearch({}, { replace: true })}>
                        Show all entries
                      </Button>
                    ) : undefined
                  }
                >
                  Every change that a person, a token, a device or the server makes is an entry here, written
                  together with the change itself.
                </Empty>
              }
            />
          ) : (
            <Failure
              error={query.error}
              title="The log could not be read"
              retry={() => void query.refetch()}
            />
          )}
          <More query={query} shown={entries?.length ?? 0} what="entry" many="entries" />
        </Stack>
      </Panel>
    </Page>
  );
}
