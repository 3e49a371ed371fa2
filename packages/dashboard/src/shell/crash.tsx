import { Box, Button } from '@mantine/core';
import { useRouteError } from 'react-router';
import { Failure } from '../parts/failure.tsx';

/** A fault of ours, or a part of a dashboard that has been replaced by a newer one since the page was opened. */
export const Crash = () => (
  <Box p="md">
    <Failure error={useRouteError()} title="This screen failed" />
    <Button mt="md" onClick={() => location.reload()}>
      Load the page anew
    </Button>
  </Box>
);
