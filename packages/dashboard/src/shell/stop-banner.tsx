import { Alert } from '@mantine/core';
import { IconHandStop } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api } from '../api.ts';
import { Time } from '../parts/time.tsx';

/** While an emergency stop is in force, every screen says so. */
export const StopBanner = () => {
  const { data } = useQuery({
    queryKey: ['stop'],
    queryFn: ({ signal }) => api.emergencyStop.get({ signal }),
  });
  if (data === undefined || !data.stopped) return null;
  return (
    <Alert
      color="red"
      variant="filled"
      mb="md"
      icon={<IconHandStop />}
      title="Emergency stop: no device is offered anything"
    >
      {data.reason ?? 'No reason was given'}, by {data.actor ?? 'the server'}, <Time value={data.at} />.
    </Alert>
  );
};
