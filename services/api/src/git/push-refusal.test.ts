import { SourceId, SourceName, SourceUrl } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { pushRefusal } from './push-refusal.ts';

const source = {
  id: SourceId.parse('src_0123456789abcdef'),
  name: SourceName.parse('images'),
  url: SourceUrl.parse('https://git.example/images.git'),
};

test.each([
  [' ! [rejected]        a -> main (fetch first)', 'PRECONDITION_FAILED'],
  [' ! [rejected]        a -> main (non-fast-forward)', 'PRECONDITION_FAILED'],
  [' ! [remote rejected] a -> main (protected branch hook declined)', 'GIT_PUSH_REFUSED'],
  [' ! [remote rejected] main -> main (branch is currently checked out)', 'GIT_PUSH_REFUSED'],
  ["fatal: Authentication failed for 'https://git.example/images.git/'", 'GIT_PUSH_REFUSED'],
  ['ERROR: The key you are authenticating with has been marked as read only.', 'GIT_PUSH_REFUSED'],
  ['fatal: unable to access: The requested URL returned error: 403', 'GIT_PUSH_REFUSED'],
])('%s', (why, code) => {
  expect(pushRefusal(source, 'main', why, undefined)).toMatchObject({ code, details: { branch: 'main' } });
});
