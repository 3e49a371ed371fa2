import { Button } from '@mantine/core';
import { IconMapOff } from '@tabler/icons-react';
import { Link, useLocation } from 'react-router';
import { Empty } from '../parts/empty.tsx';
import { Page } from '../parts/page.tsx';

export const Missing = () => (
  <Page title="Not found">
    <Empty
      icon={IconMapOff}
      title="There is nothing here"
      action={
        <Button component={Link} to="/">
          To the overview
        </Button>
      }
    >
      No screen has the address {useLocation().pathname}. It may have been typed wrong, or moved.
    </Empty>
  </Page>
);
