import { Card, Stack } from '@mantine/core';
import { Page } from '../../parts/page.tsx';
import { useSearch } from '../../parts/use-search.ts';
import { Answer } from './answer.tsx';
import { Catalogue } from './catalogue.tsx';
import { Question } from './question.tsx';
import { useCommits } from './use-commits.ts';

export default function Screen() {
  const [asked, ask] = useSearch('query', '', { isStep: true });
  useCommits();
  return (
    <Page
      title="In the field"
      about="Which devices run a package, in which version, since when, and the release that brings them away from it."
    >
      <Stack>
        <Card>
          <Question asked={asked} ask={ask} />
        </Card>
        {asked === '' ? <Catalogue /> : <Answer asked={asked} />}
      </Stack>
    </Page>
  );
}
