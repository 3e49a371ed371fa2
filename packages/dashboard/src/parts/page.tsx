import { Anchor, Box, Breadcrumbs, Group, Stack, Text, Title } from '@mantine/core';
import { useEffect, type ReactNode } from 'react';
import { Link } from 'react-router';

type PageProps = {
  readonly title: string;
  /** what stands above the title, from the widest to the nearest */
  readonly crumbs?: readonly { readonly label: string; readonly to: string }[];
  /** beside the title, such as the state of the thing shown */
  readonly beside?: ReactNode;
  /** one line below the title */
  readonly about?: ReactNode;
  /** at the right: the first is the one that is done most */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
};

/** Frame of every screen: a title that is the document's, too, and where the screen belongs. */
export const Page = ({ title, crumbs, beside, about, actions, children }: PageProps) => {
  useEffect(() => {
    document.title = `${title} · Slipway`;
  }, [title]);
  return (
    <Stack gap="md">
      <Group justify="space-between" align="flex-end" gap="sm">
        <Box miw={0}>
          {crumbs === undefined ? null : (
            <Breadcrumbs separator="›" fz="sm" mb={2}>
              {crumbs.map(({ label, to }) => (
                <Anchor key={to} component={Link} to={to} size="sm">
                  {label}
                </Anchor>
              ))}
            </Breadcrumbs>
          )}
          <Group gap="sm">
            <Title order={1} size="h2" style={{ overflowWrap: 'anywhere' }}>
              {title}
            </Title>
            {beside}
          </Group>
          {about === undefined ? null : (
            <Text c="dimmed" size="sm" mt={2} component="div">
              {about}
            </Text>
          )}
        </Box>
        {actions === undefined ? null : <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
};
