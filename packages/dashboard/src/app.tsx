import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { useState } from 'react';
import { RouterProvider } from 'react-router';
import { styleNonce } from './nonce.ts';
import { ConfirmProvider } from './parts/confirm.tsx';
import { createQueries } from './queries.ts';
import { createRoutes } from './routes.tsx';
import { theme } from './theme.ts';

export const App = () => {
  const [queries] = useState(createQueries);
  const [router] = useState(createRoutes);
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={styleNonce}>
      <QueryClientProvider client={queries}>
        <Notifications position="bottom-right" />
        <ConfirmProvider>
          <RouterProvider router={router} />
        </ConfirmProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
};
